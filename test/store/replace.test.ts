import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { recover, replaceFiles } from "../../src/store/replace.ts";
import { tempDir } from "../support/temp.ts";

const NAMES = ["key.pem", "cert.pem", "chain.pem"];
const silent = () => undefined;

const write = (dir: string, text: string) =>
  replaceFiles(
    { dir },
    NAMES.map((name) => ({ name, data: `${text} ${name}`, secret: false })),
    silent,
  );

const texts = (dir: string) =>
  NAMES.map((name) => readFileSync(join(dir, name), "utf8").split(" ")[0]);

/** Brings about what a crash leaves: new files beside the old ones, the commit file, so many renamed. */
async function crash(
  dir: string,
  { committed, renamed = 0 }: { committed: boolean; renamed?: number },
) {
  await write(dir, "old");
  for (const name of NAMES) writeFileSync(join(dir, `.${name}.new`), `new ${name}`);
  if (committed) writeFileSync(join(dir, ".acme-sidecar.commit"), JSON.stringify(NAMES));
  for (const name of NAMES.slice(0, renamed))
    renameSync(join(dir, `.${name}.new`), join(dir, name));
}

describe("after a crash", () => {
  test("before the commit, the old files stay and the new ones go", async () => {
    await using dir = tempDir();
    await crash(dir.path, { committed: false });
    await recover(dir.path, NAMES, silent);
    assert.deepEqual(texts(dir.path), ["old", "old", "old"]);
    assert.deepEqual(readdirSync(dir.path).sort(), [...NAMES].sort());
  });

  for (const renamed of [0, 1, 2, 3])
    test(`after the commit and ${renamed} renames, the new files are all in place`, async () => {
      await using dir = tempDir();
      await crash(dir.path, { committed: true, renamed });
      const events: string[] = [];
      await recover(dir.path, NAMES, ({ type }) => events.push(type));
      assert.deepEqual(texts(dir.path), ["new", "new", "new"]);
      assert.deepEqual(readdirSync(dir.path).sort(), [...NAMES].sort());
      assert.deepEqual(events, ["completed"]);
    });

  test("a commit file that is damaged, or names another folder, is refused by name", async () => {
    await using dir = tempDir();
    for (const text of ["", "[", '{"a":1}', '["../key.pem"]']) {
      writeFileSync(join(dir.path, ".acme-sidecar.commit"), text);
      await assert.rejects(recover(dir.path, NAMES, silent), {
        code: "bad-file",
        message: /acme-sidecar\.commit/,
      });
    }
  });

  test("a folder in the place of the commit file is an error, and stays", async () => {
    await using dir = tempDir();
    mkdirSync(join(dir.path, ".acme-sidecar.commit"));
    await assert.rejects(recover(dir.path, NAMES, silent), { code: "EISDIR" });
    assert.deepEqual(readdirSync(dir.path), [".acme-sidecar.commit"]);
  });
});

test("a reader never finds a file missing or half written", async () => {
  await using dir = tempDir();
  await write(dir.path, "x".repeat(100_000));
  const lengths = new Set<number>();
  const state = { done: false };
  const reading = (async () => {
    while (!state.done) {
      lengths.add(readFileSync(join(dir.path, "key.pem"), "utf8").length);
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  for (let round = 0; round < 20; round += 1)
    await write(dir.path, (round % 2 ? "x" : "y").repeat(100_000));
  state.done = true;
  await reading;
  assert.deepEqual([...lengths], [100_008]);
});
