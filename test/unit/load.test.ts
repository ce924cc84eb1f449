import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { cacheOf } from "../../src/load.ts";
import { run } from "../support/process.ts";
import { tempDir } from "../support/temp.ts";

const RUN = join(import.meta.dirname, "../fixtures/load.ts");
const MAIN = `#!/usr/bin/env node
const { basename, dirname } = require("node:path");
const other = require("./other.js");
exports.word = other.word;
exports.once = other === require("./other.js");
exports.where = [basename(__filename), __dirname === dirname(__filename)];
`;
const OTHER = "module.exports = { word: 'one' };";

/** A folder with two files of which one requires the other. */
function files() {
  const dir = tempDir();
  const path = (name: string) => join(dir.path, name);
  writeFileSync(path("main.js"), MAIN);
  writeFileSync(path("other.js"), OTHER);
  return {
    path,
    /** In a process of its own, since V8 remembers what one process has compiled. */
    async run(...words: string[]) {
      const text = await run(process.execPath, [RUN, path("main.js"), ...words]);
      return JSON.parse(text) as {
        exported: { word: string; once: boolean; where: unknown[] };
        files: string[];
        taken: boolean[];
      };
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

describe("running what the build has made", { concurrency: 2 }, () => {
  test("a file gets what a module of this kind has, and one that it requires twice runs once", async () => {
    await using world = files();
    const { exported, files: found } = await world.run();
    assert.deepEqual(exported.where, ["main.js", true]);
    assert.deepEqual([exported.word, exported.once], ["one", true]);
    assert.deepEqual(found, ["main.js", "other.js"].map(world.path));
  });

  test("what was compiled before is taken, and without it the files run as well", async () => {
    await using world = files();
    const first = await world.run("keep");
    assert.deepEqual(first.taken, [false, false]);
    const second = await world.run();
    assert.deepEqual(second.taken, [true, true]);
    assert.deepEqual(second.exported, first.exported);
  });

  test("what was compiled of something else, or is damaged, is passed over", async () => {
    await using world = files();
    await world.run("keep");
    writeFileSync(world.path("other.js"), OTHER.replace("one", "another"));
    writeFileSync(cacheOf(world.path("main.js")), "damaged");
    const { taken, exported } = await world.run();
    assert.deepEqual(taken, [false, false]);
    assert.equal(exported.word, "another");
  });

  test("a cache that cannot be read is an error, and not a slow start", async () => {
    await using world = files();
    mkdirSync(cacheOf(world.path("main.js")));
    await assert.rejects(world.run(), /EISDIR/);
  });
});
