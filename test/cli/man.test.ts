import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import manifest from "../../package.json" with { type: "json" };
import { manPage, PAGE } from "../../scripts/man-page.ts";
import { OPTION_NAMES, specOf } from "../../src/cli/options.ts";
import { VERB_HELP } from "../../src/cli/verb-help.ts";
import { usageOf, VERB_NAMES } from "../../src/cli/verbs.ts";
import { missing, requireTool } from "../support/tools.ts";

test("docs/acme-sidecar.1 is what scripts/man-page.ts writes, and the npm package has it", () => {
  assert.equal(readFileSync(PAGE, "utf8"), manPage());
  assert.equal(manifest.man, PAGE);
  assert.ok(manifest.files.includes(PAGE));
});

describe("the manual page", { skip: missing("mandoc") }, () => {
  const mandoc = (...words: string[]) =>
    execFileSync(requireTool("mandoc"), [...words, PAGE], { encoding: "utf8" });

  test("has no mistakes", () => {
    let said = "";
    try {
      said = mandoc("-Tlint");
    } catch (error) {
      // It exits with 2 after a warning.
      said = String((error as { stdout: unknown }).stdout);
    }
    // A date would change without the page.
    const found = said.split("\n").filter((line) => line !== "" && !/missing date/.test(line));
    assert.deepEqual(found, []);
  });

  test("shows every command, example and option as they are typed", () => {
    // In plain text, bold letters are written twice, with a backspace between.
    const shown = mandoc("-Tascii", "-Owidth=200").replaceAll(/.\u0008/g, "");
    for (const verb of VERB_NAMES) {
      assert.ok(shown.includes(`   ${usageOf(verb)}\n`), verb);
      for (const { line } of VERB_HELP[verb].examples) assert.ok(shown.includes(line), line);
    }
    for (const name of OPTION_NAMES.filter((each) => !specOf(each).gone))
      assert.match(shown, new RegExp(`^ +(?:-\\w, )?--${name}(?: |$)`, "m"));
    assert.match(shown, /^EXIT STATUS$/m);
  });
});
