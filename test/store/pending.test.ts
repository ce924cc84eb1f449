import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { dropPending, loadPending, savePending } from "../../src/store/pending.ts";
import { closeKeys, recoverSet, retire } from "../../src/store/set.ts";
import { removeState } from "../../src/store/state.ts";
import { tempDir } from "../support/temp.ts";

const { privateKey: key } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const pending = { directoryUrl: "https://ca.test/dir", key };

test("a folder that cannot be used for an account's next key, or put in order, is named in the error", async () => {
  await using temp = tempDir();
  const dir = join(temp.path, "gone");
  const unwritable = { code: "store-unwritable", message: new RegExp(dir) };
  await assert.rejects(savePending(dir, pending), unwritable);
  await assert.rejects(dropPending(dir), unwritable);
  const place = { dir, formats: [] };
  await assert.rejects(
    recoverSet(place, () => undefined),
    unwritable,
  );
  await assert.rejects(retire(place), unwritable);
  assert.throws(() => {
    closeKeys(place, () => undefined);
  }, unwritable);
  assert.throws(() => {
    removeState(dir);
  }, unwritable);
});

test("an account's next key that is damaged is told by its name", async () => {
  await using temp = tempDir();
  await savePending(temp.path, pending);
  const file = join(temp.path, ".account_key.json.next");
  const text = readFileSync(file, "utf8");
  for (const data of ["", text.slice(0, 40), "null", text.replace("P-256", "P-999")]) {
    writeFileSync(file, data);
    assert.throws(() => loadPending(temp.path), {
      code: "bad-file",
      message: `${file} is not what this program wrote.`,
    });
  }
});

test("what a kill left of the memory or a trial beside a set is removed with the rest", async () => {
  await using temp = tempDir();
  for (const name of ["json", "trial"])
    writeFileSync(join(temp.path, `.acme-sidecar.${name}.0123456789abcdef.new`), "{");
  // As versions before 1.0 called it.
  writeFileSync(join(temp.path, ".acme-sidecar.json.new"), "{");
  const place = { dir: temp.path, formats: [] };
  assert.equal(await recoverSet(place, () => undefined), false);
  assert.deepEqual(readdirSync(temp.path), []);
});

test("an account's next key that cannot be read is told by its name", async () => {
  await using temp = tempDir();
  mkdirSync(join(temp.path, ".account_key.json.next"));
  assert.throws(() => loadPending(temp.path), {
    code: "bad-file",
    message: /next cannot be read: it is a folder/,
  });
});
