import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Answer, Responder } from "../../src/challenge/responder.ts";
import { type Name, parseName } from "../../src/name.ts";

/** A responder to be tested, and a way to ask it as a CA would. */
export interface Subject extends AsyncDisposable {
  responder: Responder;
  ask(path: string): Promise<{ status: number; body: string }>;
}

const never = new AbortController().signal;
const PATH = "/.well-known/acme-challenge/";

export function name(text: string): Name {
  const parsed = parseName(text);
  assert.ok("name" in parsed);
  return parsed.name;
}

export const answer = (
  host: string,
  token = `token-of-${host.replaceAll(".", "-")}`,
): Answer => ({
  name: name(host),
  token,
  keyAuthorization: `${token}.thumbprint`,
});

/** What every responder promises (src/challenge/responder.ts). */
export function testResponder(
  kind: string,
  open: () => Promise<Subject>,
): void {
  describe(`every responder: ${kind}`, () => {
    test("answers each name of an order with its key authorization", async () => {
      await using subject = await open();
      const answers = [answer("a.test"), answer("b.test")];
      await using _publication = await subject.responder.publish(
        answers,
        never,
      );
      for (const { token, keyAuthorization } of answers)
        assert.deepEqual(await subject.ask(PATH + token), {
          status: 200,
          body: keyAuthorization,
        });
    });

    test("answers nothing else", async () => {
      await using subject = await open();
      const { token } = answer("a.test");
      assert.equal((await subject.ask(PATH + token)).status, 404);
      await using _publication = await subject.responder.publish(
        [answer("a.test")],
        never,
      );
      for (const path of [
        PATH,
        `${PATH}other`,
        `${PATH}${token}x`,
        `${PATH}${token}/`,
        `/${token}`,
      ])
        assert.notEqual((await subject.ask(path)).status, 200, path);
    });

    test("withdraws what it published, and only that", async () => {
      await using subject = await open();
      const first = await subject.responder.publish([answer("a.test")], never);
      await using _second = await subject.responder.publish(
        [answer("b.test")],
        never,
      );
      await first[Symbol.asyncDispose]();
      assert.equal(
        (await subject.ask(PATH + answer("a.test").token)).status,
        404,
      );
      assert.equal(
        (await subject.ask(PATH + answer("b.test").token)).status,
        200,
      );
    });

    test("refuses a token that could be a path, and publishes nothing of that order", async () => {
      await using subject = await open();
      for (const token of [
        "../escape",
        "a/b",
        "",
        ".",
        "a b",
        "a%2fb",
        "x".repeat(300),
      ]) {
        const order = [answer("a.test"), answer("b.test", token)];
        await assert.rejects(
          async () => subject.responder.publish(order, never),
          { code: "ca-misbehaved" },
        );
        assert.equal(
          (await subject.ask(PATH + answer("a.test").token)).status,
          404,
        );
      }
    });

    test("tells when it is worth asking the CA, and stops waiting when interrupted", async () => {
      await using subject = await open();
      await using publication = await subject.responder.publish(
        [answer("a.test")],
        never,
      );
      await subject.ask(PATH + answer("a.test").token);
      await publication.asked(never);
      assert.ok(
        publication.fetched === undefined ||
          publication.fetched.has(name("a.test")),
      );
      const reason = new Error("interrupted");
      await assert.rejects(
        publication.asked(AbortSignal.abort(reason)),
        reason,
      );
    });
  });
}
