import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { DIRECTORIES } from "../../src/acme/authorities.ts";
import { FAMILIES } from "../../src/cli/verb-help.ts";
import { isFor, OPTION_NAMES, type OptionName, specOf } from "../../src/cli/options.ts";
import { type Verb, VERB_NAMES, verbOf } from "../../src/cli/verbs.ts";
import { FORMAT_NAMES } from "../../src/store/formats.ts";
import { runCli } from "../support/cli.ts";
import { tempDir } from "../support/temp.ts";
import { missing, requireTool } from "../support/tools.ts";
import { refused } from "../support/words.ts";

const TYPED = VERB_NAMES.filter((verb) => verbOf(verb).internal !== true);
const FIRST = [...new Set(TYPED.map((verb) => verb.split(" ")[0] ?? "")), "help"];
const secondsOf = (word: string) =>
  TYPED.filter((verb) => verb.startsWith(`${word} `)).map((verb) => verb.split(" ")[1] ?? "");
const choicesOf = (name: OptionName) => [...(specOf(name).choices ?? [])];

/** The options of a command as they are typed; `short` adds the short names. */
function flagsOf(verb: Verb, short: boolean): string[] {
  return OPTION_NAMES.filter((name) => !specOf(name).gone && isFor(name, verb)).flatMap((name) => {
    const { alias } = specOf(name);
    return [alias === undefined || !short ? [] : `-${alias}`, `--${name}`].flat();
  });
}

/** The files beside the command line that is completed. */
const FILES = ["one file.yaml", "two.yaml"];
const FOLDERS = ["certs", "my certs"];

/** A command line up to the cursor, after the program's name, and what may stand there. */
const CASES: [line: string, candidates: string[]][] = [
  ["", FIRST],
  ["re", ["renew", "revoke"]],
  ["account ", secondsOf("account")],
  ["account s", ["show"]],
  ["plugin i", ["install"]],
  ["help ", [...FIRST.filter((word) => word !== "help"), "options"]],
  ["help account d", ["deactivate"]],
  ["completion ", ["bash", "zsh"]],
  ["frobnicate --", []],
  ...TYPED.map((verb): [string, string[]] => [`${verb} --`, flagsOf(verb, false)]),
  ["--", flagsOf("issue", false)],
  ["-d a.test --ke", ["--key_mode", "--key_type"]],
  ["-d a.test --key_type ", choicesOf("key_type")],
  ["-d a.test --key_type=rsa", choicesOf("key_type").filter((each) => each.startsWith("rsa"))],
  ["-d a.test --key-type ec", ["ec256", "ec384"]],
  ["revoke --reason ", choicesOf("reason")],
  ["status --log_format ", ["text", "json"]],
  ["-d a.test --dns ", ["exec"]],
  ["--server ", Object.keys(DIRECTORIES)],
  ["--server google", ["google", "google-staging"]],
  ["-f ", [...FORMAT_NAMES]],
  ["-f key.pem -f fu", ["full.pem", "fullchain.pem"]],
  ["--file=cert", ["cert.der", "cert.pem"]],
  ["-d ", []],
  ["--email ", []],
  ["batch ", [...FILES, ...FOLDERS]],
  ["batch tw", ["two.yaml"]],
  ["batch two.yaml --conc", ["--concurrency"]],
  ["--ca_bundle o", ["one file.yaml"]],
  ["--certs_dir ", FOLDERS],
  ["--default-root c", ["certs"]],
  ["renew ", FOLDERS],
  ["account import my", ["my certs"]],
];

/** A folder with the scripts, and files to complete. */
let dir: ReturnType<typeof tempDir>;
const at = (...path: string[]) => join(dir.path, ...path);

before(async () => {
  dir = tempDir();
  for (const [shell, file] of [
    ["bash", "acme-sidecar.bash"],
    ["zsh", "_acme-sidecar"],
  ] as const) {
    const { code, stdout, stderr } = await runCli(["completion", shell]);
    assert.deepEqual([code, stderr], [0, ""]);
    mkdirSync(at(shell));
    writeFileSync(at(shell, file), stdout);
  }
  mkdirSync(at("here"));
  for (const file of FILES) writeFileSync(at("here", file), "");
  for (const folder of FOLDERS) mkdirSync(at("here", folder));
});
after(() => dir[Symbol.asyncDispose]());

/** Splits a line as readline does: = is a word of its own. */
function wordsOf(line: string): string[] {
  return `acme-sidecar ${line}`.split(" ").flatMap((word) => word.split(/(?==)|(?<==)/));
}

describe("in bash", () => {
  /** What bash would offer for a line. */
  function complete(line: string): string[] {
    const words = wordsOf(line);
    const script = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); spec=$(complete -p acme-sidecar)
      [[ $spec =~ -F\\ ([^ ]+) ]] && "\${BASH_REMATCH[1]}" acme-sidecar && ((\${#COMPREPLY[@]} == 0)) || printf '%s\\n' "\${COMPREPLY[@]}"`;
    const said = execFileSync(
      "bash",
      ["--norc", "-c", script, "bash", at("bash", "acme-sidecar.bash"), ...words],
      { cwd: at("here"), encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
    );
    return said.split("\n").filter((each) => each !== "");
  }

  for (const [line, candidates] of CASES)
    test(`acme-sidecar ${line}`, () => {
      assert.deepEqual(complete(line).sort(), [...candidates].sort());
    });

  test("short names of options are offered as well, and hyphens to those who type them", () => {
    assert.deepEqual(complete("-").sort(), flagsOf("issue", true).sort());
    assert.deepEqual(complete("--valid-"), ["--valid-min"]);
  });
});

describe("in zsh", { skip: missing("zsh") }, () => {
  /** For each line, what zsh would offer, with what it says of it. */
  function completeAll(lines: readonly string[]): { word: string; text: string }[][] {
    const fixture = (name: string) => resolve("test/fixtures", name);
    const said = execFileSync(
      requireTool("zsh"),
      ["-f", fixture("complete.zsh"), at("zsh"), fixture("complete-hook.zsh")],
      {
        cwd: at("here"),
        input: lines.map((line) => `acme-sidecar ${line}\n`).join(""),
        encoding: "utf8",
      },
    );
    return said
      .split("\n\n")
      .slice(0, lines.length)
      .map((block) =>
        block
          .split("\n")
          .filter((match) => match.includes("\t"))
          .map((match) => {
            const [word = "", text = ""] = match.split("\t");
            // zsh has quoted what it would insert.
            return { word: word.replaceAll("\\ ", " "), text: text.replace(/^.*? -- /, "") };
          }),
      );
  }

  test("each line has the same candidates as in bash", () => {
    const found = completeAll(CASES.map(([line]) => line));
    CASES.forEach(([line, candidates], index) => {
      const words = new Set(found[index]?.map(({ word }) => word));
      assert.deepEqual([...words].sort(), [...candidates].sort(), `acme-sidecar ${line}`);
    });
  });

  test("commands and options are explained", () => {
    const [commands = [], accounts = [], options = []] = completeAll(["", "account ", "issue --"]);
    assert.equal(commands.length, FIRST.length);
    for (const { word, text } of commands) {
      const verb = TYPED.find((each) => each === word);
      const family = Object.entries(FAMILIES).find(([each]) => each === word)?.[1];
      if (word !== "help") assert.equal(text, family ?? (verb && verbOf(verb).describe), word);
    }
    const show = accounts.find(({ word }) => word === "show");
    assert.equal(show?.text, verbOf("account show").describe);
    const force = options.find(({ word }) => word === "--force");
    assert.equal(force?.text, specOf("force").describe);
    assert.ok(options.every(({ text }) => text !== ""));
  });

  test("an option with hyphens is completed too", () => {
    const [valid = [], folders = []] = completeAll(["--valid-", "-d a.test --certs-dir c"]);
    assert.deepEqual(
      valid.map(({ word }) => word),
      ["--valid_min"],
    );
    assert.deepEqual([...new Set(folders.map(({ word }) => word))], ["certs"]);
  });
});

test("another shell is an error that names those there are", () => {
  assert.match(refused(["completion", "fish"]), /"fish"\. Write completion bash or completion zsh/);
  assert.match(refused(["completion"]), /no shell to complete in\. Write completion bash/);
});
