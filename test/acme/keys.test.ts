import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { lchownSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { type Site, site } from "../support/simp_le.ts";
import { missing, skipUnlessCI } from "../support/tools.ts";

const skip = missing("pebble");

const keyOf = ({ certs }: Site) => {
  const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(certs.read("key.pem"));
  const { namedCurve, modulusLength } = asymmetricKeyDetails ?? {};
  return `${String(asymmetricKeyType)} ${String(namedCurve ?? modulusLength)}`;
};

describe("keys and chains", { skip, concurrency: 4 }, () => {
  let pebble: Pebble;
  before(async () => {
    pebble = await startPebble({ alternateRoots: 2, chainLength: 2 });
  });
  after(() => pebble[Symbol.asyncDispose]());

  for (const [type, kind] of [
    ["ec256", "ec prime256v1"],
    ["ec384", "ec secp384r1"],
    ["rsa2048", "rsa 2048"],
    ["rsa3072", "rsa 3072"],
    ["RSA4096", "rsa 4096"],
  ] as const)
    test(`--key_type ${type} gets such a key, and keeps it`, async () => {
      await using env = await site(pebble);
      const issue = (...more: string[]) => env.run("-d", env.name, ...more);
      const first = await issue("--key_type", type);
      assert.equal(first.code, 0, first.stderr);
      assert.equal(keyOf(env), kind);
      assert.equal((await issue("--key_type", type)).code, 1);
      assert.equal((await issue()).code, 1);
    });

  test("another --key_type gets another certificate, and --cert_key_size none before one is due", async () => {
    await using env = await site(pebble);
    const issue = (...more: string[]) => env.run("-d", env.name, ...more);
    assert.equal((await issue()).code, 0);
    assert.equal((await issue("--cert_key_size", "2048")).code, 1);
    const changed = await issue("--key_type", "ec384");
    assert.equal(changed.code, 0, changed.stderr);
    assert.match(changed.stderr, /has another kind of key/);
    assert.equal(keyOf(env), "ec secp384r1");
    const kept = await issue("--force");
    assert.equal(kept.code, 0, kept.stderr);
    assert.equal(keyOf(env), "ec secp384r1", "the kind in use stays");
  });

  test("--reuse_key keeps a key of the right kind, and no other", async () => {
    await using env = await site(pebble);
    const issue = (...more: string[]) => env.run("-d", env.name, "--force", "--reuse_key", ...more);
    assert.equal((await issue()).code, 0);
    const key = env.certs.read("key.pem");
    assert.equal((await issue("--key_type", "ec256")).code, 0);
    assert.equal(env.certs.read("key.pem"), key);
    assert.equal((await issue("--key_type", "ec384")).code, 0);
    assert.equal(keyOf(env), "ec secp384r1");
  });

  test("--preferred_chain takes the chain with that root or issuer, else the usual one, with a warning", async () => {
    await using env = await site(pebble);
    const issue = (name: string) => env.run("-d", env.name, "--force", "--preferred_chain", name);
    const names = (await pebble.roots()).map(
      (root) => /^CN=(.*)$/m.exec(new X509Certificate(root).subject)?.[1],
    );
    assert.equal(new Set(names).size, 3);
    for (const root of names) {
      const { code, stderr } = await issue(String(root));
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /warn/);
      const last = env.certs
        .read("chain.pem")
        .split(/(?=-----BEGIN)/)
        .at(-1);
      assert.match(new X509Certificate(String(last)).issuer, new RegExp(`CN=${String(root)}`));
    }
    const none = await issue("No Such Root");
    assert.equal(none.code, 0, none.stderr);
    assert.match(none.stderr, /warn: .*3 chains.*"No Such Root"/);
  });

  test("--dry_run goes all the way, and keeps nothing", async () => {
    await using env = await site(pebble);
    const { code, stderr } = await env.run("-d", env.name, "--dry_run");
    assert.equal(code, 0, stderr);
    assert.match(stderr, /The dry run worked.*Nothing was kept/);
    assert.equal(env.recorder.count("certificate"), 1);
    assert.deepEqual(env.certs.files(), []);
  });

  test("--dry_run needs no folder, and makes none", async () => {
    await using env = await site(pebble);
    const dir = join(env.certs.path, "later");
    const { code, stderr } = await env.run("-d", env.name, "--dry_run", "--certs_dir", dir);
    assert.equal(code, 0, stderr);
    assert.deepEqual(env.certs.files(), []);
  });

  test("--dry_run tries what is there already, with its account, and leaves it as it is", async () => {
    await using env = await site(pebble);
    assert.equal((await env.run("-d", env.name)).code, 0);
    const state = env.certs.state();
    const { code, stderr } = await env.run("-d", env.name, "--dry_run");
    assert.equal(code, 0, stderr);
    assert.deepEqual(env.certs.state(), state);
    const failing = await env.run("-d", "lost.invalid", "--dry_run");
    assert.equal(failing.code, 2);
    assert.deepEqual(env.certs.state(), state);
  });

  test(
    "--dry_run follows no other user's link to a key",
    { skip: process.getuid?.() !== 0 && skipUnlessCI("not root") },
    async () => {
      await using env = await site(pebble);
      const key = join(env.certs.path, "account_key.json");
      assert.equal((await env.run("-d", env.name)).code, 0);
      renameSync(key, `${key}.moved`);
      symlinkSync(`${key}.moved`, key);
      lchownSync(key, 1234, 1234);
      const asked = env.recorder.count();
      const { code, stderr } = await env.run("-d", env.name, "--dry_run");
      assert.equal(code, 2, stderr);
      assert.match(stderr, /link/);
      assert.equal(env.recorder.count(), asked);
    },
  );
});
