import assert from "node:assert/strict";
import { test } from "node:test";
import { readLeftSecrets } from "../../src/commands/secrets.ts";
import { record } from "../../src/core/record.ts";
import { revive } from "../../src/core/revive.ts";
import type { Draft, Target } from "../../src/core/target.ts";

/** As it stands in .acme-sidecar.json, by an earlier version as by this one. */
const RECORDED = {
  want: { names: ["a.test"], nextRun: 86_400_000 },
  ask: {
    binding: { kid: "k", file: "/nowhere/key" },
    reuseKey: false,
    chain: { alternate: 0 },
    from: ["https://ca.test/dir"],
    contact: ["a@b.test"],
    method: { kind: "standalone", listen: { host: "::", port: 80 } },
  },
  keep: { formats: ["key.pem", "full.pem"], pkcs12: { file: "/run/pw" } },
};
const PLACE = { id: "a", dir: "/certs/a" };

test("what is recorded of secrets is where they are, and is read so again", () => {
  const draft = revive(RECORDED, PLACE);
  assert.ok(draft !== undefined);
  assert.deepEqual(record(draft), RECORDED);
  assert.equal(draft.keep.pkcs12?.file, "/run/pw");
});

test("a binding whose file is gone stays recorded, for an account that is to be made anew", async () => {
  const recorded = { ...RECORDED, keep: { formats: ["full.pem"] } };
  const draft = revive(recorded, PLACE);
  assert.ok(draft !== undefined);
  const target = await readLeftSecrets(draft);
  assert.equal(target.ask.account.binding?.macKey, undefined);
  assert.deepEqual(record(target), recorded);
});

test("a target whose secrets are still to be read is none that can be fulfilled", () => {
  // By its type: this does not compile otherwise.
  const isTarget: Draft extends Target ? true : false = false;
  assert.equal(isTarget, false);
});

test("a program that sets TXT records, as earlier versions recorded it, is read as a provider", () => {
  const resolvers = [{ host: "192.0.2.1", port: 53 }];
  const withMethod = (method: object) => ({ ...RECORDED, ask: { ...RECORDED.ask, method } });
  const old = { kind: "dns", script: "/set-txt", timeout: 9000, wait: 0, resolvers };
  const draft = revive(withMethod(old), PLACE);
  assert.ok(draft !== undefined);
  const method = {
    kind: "dns",
    provider: { kind: "exec", script: "/set-txt" },
    propagation: { timeout: 9000, wait: 0, resolvers },
  };
  assert.deepEqual(draft.ask.method, method);
  assert.deepEqual(record(draft), withMethod(method));
  for (const wrong of [
    { ...old, script: 7 },
    { ...method, provider: { kind: "constructor" } },
  ])
    assert.equal(revive(withMethod(wrong), PLACE), undefined);
});
