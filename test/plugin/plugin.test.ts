import assert from "node:assert/strict";
import { globSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import { missingImage } from "../support/docker.ts";
import { missing, skipUnlessCI } from "../support/tools.ts";
import { parse, runBats } from "./bats.ts";

/** The longest first, which take longest: none is left over at the end. */
const FILES = globSync(join(import.meta.dirname, "*.bats")).sort(
  (one, other) => statSync(other).size - statSync(one).size,
);
/** For a whole file; whatever one test waits for ends sooner. */
const PATIENCE = 900_000;
const skip = missing("pebble", "nginx", "bats", "jq", "wrk", "curl") || missingImage();

describe("the plugin for Dokku", { skip, concurrency: 3, timeout: 4 * PATIENCE }, () => {
  for (const file of FILES)
    test(basename(file), { timeout: PATIENCE + 60_000 }, async (t) => {
      const { results, problem } = await runBats(file, {
        patience: PATIENCE,
      });
      for (const { name, ok, skipped, comments } of results)
        await t.test(name, (one) => {
          assert.ok(ok, comments.join("\n"));
          for (const comment of comments) one.diagnostic(comment);
          if (skipped === undefined) return;
          const reason = skipUnlessCI(`${basename(file)}: ${name}`);
          assert.ok(reason, `skipped: ${skipped}`);
          one.skip(skipped);
        });
      assert.equal(problem, "");
    });
});

test("what bats prints is read as it is meant", () => {
  const { planned, results, rest } = parse(
    [
      "1..4",
      "# soon",
      "ok 1 one works",
      "not ok 2 two # works",
      "# it does not",
      "#   at all",
      "ok 3 three # skip too early",
      "nonsense",
    ].join("\n"),
  );
  assert.equal(planned, 4);
  assert.deepEqual(results, [
    { name: "one works", ok: true, comments: ["soon"] },
    { name: "two # works", ok: false, comments: ["it does not", "  at all"] },
    { name: "three", ok: true, skipped: "too early", comments: [] },
  ]);
  assert.deepEqual(rest, ["nonsense"]);
});
