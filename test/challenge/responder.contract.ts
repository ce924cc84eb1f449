import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Answer, Responder } from "../../src/challenge/responder.ts";
import { type Name, parseName } from "../../src/name.ts";

/** A responder to be tested, and a way to ask it as a CA would. */
export interface Subject extends AsyncDisposable {
  responder: Responder;
  /** Whether a CA would find the right answer for this name. */
  answers(answer: Answer): Promise<boolean>;
}

/** One that answers http-01. */
export interface HttpSubject extends AsyncDisposable {
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

export const answer = (host: string, token = `token-of-${host.replaceAll(".", "-")}`): Answer => ({
  name: name(host),
  token,
  keyAuthorization: `${token}.thumbprint`,
});

/** What every responder promises (src/challenge/responder.ts). */
export function testResponder(kind: string, open: () => Promise<Subject>): void {
  describe(`every responder: ${kind}`, () => {
    test("answers each name of an order, and no other", async () => {
      await using subject = await open();
      const order = [answer("a.test"), answer("b.test")];
      for (const each of order) assert.equal(await subject.answers(each), false);
      await using _publication = await subject.responder.publish(order, never);
      for (const each of order) assert.equal(await subject.answers(each), true, each.name);
      assert.equal(await subject.answers(answer("c.test")), false);
      assert.equal(await subject.answers(answer("a.test", "other")), false);
    });

    test("withdraws what it published, and only that", async () => {
      await using subject = await open();
      const [a, b] = [answer("a.test"), answer("b.test")];
      const first = await subject.responder.publish([a], never);
      await using _second = await subject.responder.publish([b], never);
      await first[Symbol.asyncDispose]();
      assert.equal(await subject.answers(a), false);
      assert.equal(await subject.answers(b), true);
    });

    test("two orders at once do not get in each other's way", async () => {
      await using subject = await open();
      const orders = [[answer("a.test")], [answer("b.test")]];
      const publications = await Promise.all(
        orders.map((order) => subject.responder.publish(order, never)),
      );
      for (const each of orders.flat()) assert.equal(await subject.answers(each), true, each.name);
      await Promise.all(publications.map((one) => one[Symbol.asyncDispose]()));
      for (const each of orders.flat()) assert.equal(await subject.answers(each), false, each.name);
    });

    test("refuses a token that could be a path, and publishes nothing of that order", async () => {
      await using subject = await open();
      for (const token of ["../escape", "a/b", "", ".", "a b", "a%2fb", "x".repeat(300)]) {
        const order = [answer("a.test"), answer("b.test", token)];
        await assert.rejects(async () => subject.responder.publish(order, never), {
          code: "ca-misbehaved",
        });
        assert.equal(await subject.answers(answer("a.test")), false);
      }
    });

    test("tells when it is worth asking the CA, and stops waiting when interrupted", async () => {
      await using subject = await open();
      await using publication = await subject.responder.publish([answer("a.test")], never);
      await subject.answers(answer("a.test"));
      await publication.asked(never);
      assert.ok(publication.fetched === undefined || publication.fetched.has(name("a.test")));
      const reason = new Error("interrupted");
      await assert.rejects(publication.asked(AbortSignal.abort(reason)), reason);
    });
  });
}

/** What every responder promises, and those for http-01 besides. */
export function testHttpResponder(kind: string, open: () => Promise<HttpSubject>): void {
  testResponder(kind, async () => {
    const subject = await open();
    return {
      responder: subject.responder,
      async answers({ token, keyAuthorization }) {
        const { status, body } = await subject.ask(PATH + token);
        assert.ok(status === 200 || status === 404);
        return status === 200 && body === keyAuthorization;
      },
      [Symbol.asyncDispose]: () => subject[Symbol.asyncDispose](),
    };
  });

  test(`${kind} answers nothing but the challenge's path`, async () => {
    await using subject = await open();
    const { token } = answer("a.test");
    assert.equal((await subject.ask(PATH + token)).status, 404);
    await using _publication = await subject.responder.publish([answer("a.test")], never);
    for (const path of [PATH, `${PATH}other`, `${PATH}${token}x`, `${PATH}${token}/`, `/${token}`])
      assert.notEqual((await subject.ask(path)).status, 200, path);
  });
}
