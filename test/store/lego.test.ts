import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readLegoAccount, writeLegoAccount } from "../../src/store/foreign/lego.ts";
import { tempDir } from "../support/temp.ts";

const registration = { uri: "https://ca.test/account/1", body: { status: "valid" } };
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const ec = generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey;

/** The folder of an account as lego calls it. */
function folder() {
  const temp = tempDir();
  const dir = join(temp.path, "me@a.test");
  mkdirSync(dir);
  return { dir, [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose]() };
}

test("an account is written as lego has it, for this user alone, and read back", async () => {
  for (const [accountKey, block] of [
    [rsa, "BEGIN RSA PRIVATE KEY"],
    [ec, "BEGIN EC PRIVATE KEY"],
  ] as const) {
    await using place = folder();
    await writeLegoAccount(place.dir, { accountKey, registration }, "me@a.test");
    const key = join(place.dir, "keys/me@a.test.key");
    assert.ok(readFileSync(key, "utf8").includes(block));
    for (const file of [key, join(place.dir, "account.json")])
      assert.equal(statSync(file).mode & 0o777, 0o600, file);
    const read = await readLegoAccount(place.dir);
    assert.ok(read.accountKey.equals(accountKey));
    assert.deepEqual(read.registration, registration);
  }
});

test("an account that lego has there stays", async () => {
  await using place = folder();
  const file = join(place.dir, "account.json");
  writeFileSync(file, "{}");
  await writeLegoAccount(place.dir, { accountKey: ec, registration }, "me@a.test");
  assert.equal(readFileSync(file, "utf8"), "{}");
  assert.deepEqual(readdirSync(place.dir), ["account.json"]);
});

test("a folder that cannot be written to is named, and lego finds no half of an account", async () => {
  await using place = folder();
  writeFileSync(join(place.dir, "keys"), "");
  const account = { accountKey: ec, registration };
  await assert.rejects(writeLegoAccount(place.dir, account, "me@a.test"), {
    code: "store-unwritable",
    message: /Cannot write to .*me@a\.test\/keys: a part of its path is not a folder/,
  });
  assert.equal(existsSync(join(place.dir, "account.json")), false);
});
