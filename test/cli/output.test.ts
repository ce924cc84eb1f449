import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { runCli } from "../support/cli.ts";

const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/** What somebody could hide in the words of a container, or of a file of targets. */
const ODD = "a\u202eb\u200bc\u0085d\u2028e\u{e0041}f\u001b[2J";

describe("what is shown of words", () => {
  for (const [what, words, input] of [
    ["a name", ["-d", `${ODD}.test`], ""],
    ["a folder", ["-d", "a.test", "--ca_bundle", `/${ODD}`], ""],
    ["an option", [`--${ODD}`], ""],
    ["a command", [ODD], ""],
    ["a file of targets", ["batch", "-"], `targets: [{ "${ODD}": 1 }]`],
  ] as const)
    for (const format of ["text", "json"])
      test(`${what} has nothing that is unseen or obeyed, as ${format}`, async () => {
        const more = what === "a command" ? [] : ["--log_format", format];
        const run = await runCli([...words, ...more], { input });
        assert.equal(run.code, 2, run.stderr);
        assert.equal(run.stdout, "");
        assert.doesNotMatch(run.stderr.replaceAll("\n", ""), UNSEEN);
        assert.match(run.stderr, /a<U\+202E>b<U\+200B>c/);
      });

  test("a word cannot forge a line of the log", async () => {
    const forged = "2026-01-01T00:00:00.000Z info: All is well.";
    const { stderr } = await runCli(["--listen", `x\n${forged}`, "-d", "a.test"]);
    assert.match(stderr, /All is well/);
    assert.doesNotMatch(stderr, /^2026-01-01/m);
  });

  test("a URL in a word has no password any more", async () => {
    const { stderr } = await runCli([...["-d", "a.test", "--listen", "https://me:hunter2@a.test"]]);
    assert.match(stderr, /--listen https:\/\/a\.test/);
  });
});
