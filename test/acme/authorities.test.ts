import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { problem } from "../support/exchange.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { type Recorder, startRecorder } from "../support/recorder.ts";
import { type Site, site } from "../support/simp_le.ts";
import { missing } from "../support/tools.ts";

const skip = missing("pebble");

describe("several CAs", { skip, concurrency: 4 }, () => {
  let pebble: Pebble;
  let other: Pebble;
  before(async () => {
    pebble = await startPebble();
    other = await startPebble({ httpPort: pebble.httpPort });
  });
  after(async () => {
    await other[Symbol.asyncDispose]();
    await pebble[Symbol.asyncDispose]();
  });

  /** A site whose second CA is the other Pebble. */
  async function two() {
    await using stack = new AsyncDisposableStack();
    const first = stack.use(await site(pebble));
    const second = stack.use(await startRecorder(other));
    await other.dns.setA(first.name, [first.host]);
    const all = stack.move();
    return {
      ...{ first, second },
      issue: (...more: string[]) =>
        first.run(...["--server", second.directoryUrl, "-d", first.name, ...more]),
      [Symbol.asyncDispose]: () => all.disposeAsync(),
    };
  }

  const issuerOf = ({ certs }: Site) => new X509Certificate(certs.read("cert.pem")).issuer;
  const orders = (recorder: Recorder) => recorder.count("new-order");

  for (const [what, fault] of [
    ["cannot be reached", { kind: "directory", reset: "before" }],
    ["has a fault", { kind: "directory", answer: problem("serverInternal", 500) }],
    [
      "is busy",
      {
        kind: "new-order",
        answer: problem("rateLimited", 429, { "retry-after": "3600" }),
        withNonce: true,
      },
    ],
  ] as const)
    test(`the second is used while the first ${what}, and the first again at the next renewal`, async () => {
      await using env = await two();
      const { first, second, issue } = env;
      const down = first.recorder.inject(fault);
      const failed = await issue();
      assert.equal(failed.code, 0, failed.stderr);
      assert.match(failed.stderr, /warn: .*Going on with https:/);
      assert.equal(orders(second), 1);
      const fallback = issuerOf(first);
      assert.equal((await issue()).code, 1, "its certificate is as good");

      down.remove();
      const renewed = await issue("--force");
      assert.equal(renewed.code, 0, renewed.stderr);
      assert.equal(orders(second), 1);
      assert.notEqual(issuerOf(first), fallback);
      const replacing = [...first.recorder.requests, ...second.requests]
        .filter(({ kind }) => kind === "new-order")
        .filter(({ body }) => "replaces" in (body?.payload as object));
      assert.deepEqual(replacing, [], "no CA is told of another's certificate");
    });

  test("a name that the first refuses is not taken to the second", async () => {
    await using env = await two();
    const { first, second, issue } = env;
    first.recorder.inject({
      kind: "new-order",
      answer: problem("rejectedIdentifier", 400),
      withNonce: true,
    });
    const { code, stderr } = await issue();
    assert.equal(code, 2);
    assert.match(stderr, /rejectedIdentifier/);
    assert.equal(second.count(), 0);
  });

  test("when none can be used, every one says why", async () => {
    await using env = await two();
    const { first, second, issue } = env;
    for (const recorder of [first.recorder, second])
      recorder.inject({ kind: "directory", reset: "before" });
    const { code, stderr } = await issue();
    assert.equal(code, 2);
    assert.match(stderr, /warn: .*Going on with/);
    assert.match(stderr, /error: /);
  });
});
