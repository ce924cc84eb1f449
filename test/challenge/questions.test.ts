import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Asked } from "../../src/challenge/evidence.ts";
import { CHALLENGE_PATH } from "../../src/challenge/responder.ts";
import { openStandalone } from "../../src/challenge/standalone.ts";
import { request } from "../support/request.ts";
import { answer } from "./responder.contract.ts";

const never = new AbortController().signal;

/** A responder with answers for two names, and what it was asked about them. */
async function asking() {
  await using stack = new AsyncDisposableStack();
  const responder = stack.use(
    await openStandalone({ host: "127.0.0.1", port: 0 }, () => undefined),
  );
  const answers = [answer("a.test"), answer("b.test")] as const;
  const publication = stack.use(await responder.publish(answers, never));
  const all = stack.move();
  return {
    token: answers[0].token,
    get: (path: string, headers: Record<string, string> = {}) =>
      request(`http://127.0.0.1:${responder.port}${path}`, { headers }),
    async asked(index: 0 | 1 = 0): Promise<Asked> {
      const { name } = answers[index];
      const asked = (await publication.evidence([name], never)).get(name)?.asked;
      assert.ok(asked);
      return asked;
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

describe("the responder remembers who asked", () => {
  test("for a token: how often, from where, and with which Host", async () => {
    await using s = await asking();
    await s.get(CHALLENGE_PATH + s.token, { Host: "A.test:80" });
    await s.get(CHALLENGE_PATH + s.token, { Host: "www.a.test" });
    const { answered } = await s.asked();
    assert.deepEqual(answered, { count: 2, from: ["127.0.0.1"], hosts: ["a.test", "www.a.test"] });
    assert.equal((await s.asked(1)).answered.count, 0);
  });

  test("behind a proxy: what its headers say, and of several addresses the last", async () => {
    await using s = await asking();
    const path = CHALLENGE_PATH + s.token;
    await s.get(path, { Host: "a.test", "X-Forwarded-For": "203.0.113.9, 192.0.2.1" });
    await s.get(path, { Host: "a.test", "X-Real-IP": "2001:db8::1" });
    await s.get(path, { Host: "a.test", "X-Forwarded-For": "::ffff:192.0.2.2" });
    const { from } = (await s.asked()).answered;
    assert.deepEqual(from, ["192.0.2.1", "2001:db8::1", "192.0.2.2"]);
  });

  test("and believes no header that is not an address", async () => {
    await using s = await asking();
    const odd = ["x".repeat(3_000), "<b>1.2.3.4</b>", "1.2.3.4\t evil", "unknown", ","];
    for (const each of odd)
      await s.get(CHALLENGE_PATH + s.token, {
        "X-Forwarded-For": each,
        Host: "a\u009b\u00ad.test",
      });
    await s.get(CHALLENGE_PATH + s.token, { "X-Real-IP": `fe80::1%${"e".repeat(3_000)}` });
    const { from, hosts } = (await s.asked()).answered;
    assert.deepEqual(from, ["127.0.0.1", "fe80::1"]);
    assert.ok(
      hosts.every((host) => /^[ -~]*$/.test(host)),
      JSON.stringify(hosts),
    );
  });

  test("for a token on another path, with its name", async () => {
    await using s = await asking();
    const { token } = s;
    for (const path of [
      `/${token}`,
      `${CHALLENGE_PATH}${token}/`,
      `${CHALLENGE_PATH}${token}?a=/b`,
    ])
      assert.equal((await s.get(path)).status, 404, path);
    assert.equal((await s.asked()).misplaced.count, 3);
    assert.equal((await s.asked()).answered.count, 0);
  });

  test("for other tokens, by the name in Host; and nothing of other paths", async () => {
    await using s = await asking();
    await s.get(`${CHALLENGE_PATH}of-another`, { Host: "b.test:80" });
    await s.get(`${CHALLENGE_PATH}of-another`, { Host: "c.test" });
    await s.get("/favicon.ico", { Host: "b.test" });
    const { unknown, elsewhere } = await s.asked(1);
    assert.deepEqual(unknown, { count: 1, from: ["127.0.0.1"], hosts: ["b.test"] });
    assert.deepEqual(elsewhere, { count: 1, from: ["127.0.0.1"], hosts: ["c.test"] });
    assert.equal((await s.asked()).unknown.count, 0);
  });
});
