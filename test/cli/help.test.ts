import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { COMMON, helpText } from "../../src/cli/help.ts";
import { GROUPS, isFor, OPTION_NAMES, OPTIONS, specOf } from "../../src/cli/options.ts";
import { parse } from "../../src/cli/parse.ts";
import { FAMILIES, OVERVIEW, VERB_HELP } from "../../src/cli/verb-help.ts";
import { usageOf, type Verb, VERB_NAMES, verbOf, verbsIn } from "../../src/cli/verbs.ts";
import { suggest } from "../../src/suggest.ts";
import { runCli } from "../support/cli.ts";
import { tempDir } from "../support/temp.ts";
import { read, refused } from "../support/words.ts";

/** The help that a command line asks for. */
function help(...argv: string[]): string {
  const request = read(argv);
  assert.ok(request.verb === "help", argv.join(" "));
  return helpText(request.topic);
}

const linesOf = (text: string) => text.split("\n");
const SHOWN = OPTION_NAMES.filter((name) => !specOf(name).gone);

/** The options that a text has a line for. */
function optionsIn(text: string): string[] {
  return [...text.matchAll(/^ {2}(?:-\w, )?--(\w+)(?= |$)/gm)].map(([, name = ""]) => name);
}

describe("--help", () => {
  test("fits on a screen: a line for each command and for the options that most people need", () => {
    const lines = linesOf(help("--help"));
    assert.match(lines[0] ?? "", /^Usage: acme-sidecar /);
    const words = VERB_NAMES.filter((verb) => verbOf(verb).internal !== true);
    const first = new Set(words.map((verb) => verb.split(" ")[0]));
    const start = lines.indexOf("Commands:");
    const commands = lines.slice(start + 1, lines.indexOf("Options:"));
    assert.equal(commands.length, first.size, commands.join("\n"));
    assert.deepEqual(new Set(commands.map((line) => line.trim().split(" ")[0])), first);
    assert.deepEqual(optionsIn(lines.join("\n")), COMMON);
    assert.ok(COMMON.length >= 6 && COMMON.length <= 8, String(COMMON));
    const around = lines.length - commands.length - COMMON.length;
    assert.ok(around <= 12, `${lines.length} lines`);
  });

  test("says what the exit codes of a command mean", () => {
    assert.match(help("help", "renew"), /^Exit status: 0 .* 1 nothing was due, 2 /m);
    assert.match(help("help", "check"), /^Exit status: 0 .* 1 the CA would fail, 2 /m);
    for (const verb of ["status", "tar", "nginx", "plugin", "completion"])
      assert.match(help("help", verb), /^Exit status: 0 it is printed, 2 an error\.$/m, verb);
  });

  test("says where to read on, which works", () => {
    assert.match(help("-h"), /^Read on: acme-sidecar help COMMAND, or help options /m);
    assert.equal(help("help", "options"), help("--help", "--all"));
  });

  test("asks about a command before or after it", () => {
    assert.equal(help("help"), help("--help"));
    assert.equal(help("help", "help"), help("--help"));
    assert.equal(help("help", "account", "show"), help("account", "show", "--help"));
    assert.equal(help("help", "batch"), help("batch", "targets.yaml", "-h"));
    assert.equal(help("renew", "--help", "--all"), help("help", "options"));
    assert.equal(help("help", "account"), help("account", "--help"));
    // simp_le has no commands.
    assert.equal(help("-d", "a.test", "--help"), help("--help"));
  });

  test("about a command that does not exist is an error", () => {
    assert.match(refused(["help", "stauts"]), /"stauts" is not a command/);
    assert.match(refused(["account", "sell", "--help"]), /"account sell" is not a command/);
    assert.match(refused(["-d", "a.test", "--all"]), /--all has an effect only with --help/);
  });

  test("goes to stdout, and the suggestions to stderr", async () => {
    const { code, stdout, stderr } = await runCli(["help", "tar"]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal(stdout, `${help("help", "tar")}\n`);
    const wrong = await runCli(["help", "optoins"]);
    assert.deepEqual([wrong.code, wrong.stdout], [2, ""]);
    assert.match(wrong.stderr, /Did you mean options\? See --help\.$/m);
  });
});

test("help options has every command and every option, in a group", () => {
  const text = help("help", "options");
  for (const verb of VERB_NAMES) assert.match(text, new RegExp(`^ {2}${verb}(?: |$)`, "m"));
  assert.deepEqual(optionsIn(text), Object.values(GROUPS).flatMap(Object.keys));
  assert.deepEqual(optionsIn(text).sort(), [...SHOWN].sort());
  assert.match(text, /ACME_SIDECAR_/);
  assert.match(text, /Exit status: 0 .* 1 .* 2 /);
  assert.ok(Object.values(OPTIONS).every(({ describe: what }) => what.length > 0));
});

describe("help on a command", () => {
  for (const verb of VERB_NAMES)
    test(`${verb}: its usage, options and examples, and no others`, () => {
      const text = help("help", ...verb.split(" "));
      assert.ok(text.startsWith(`Usage: acme-sidecar ${usageOf(verb)} [OPTION]...\n`), text);
      assert.deepEqual(optionsIn(text).sort(), SHOWN.filter((name) => isFor(name, verb)).sort());
      for (const { line } of VERB_HELP[verb].examples) assert.ok(text.includes(`\n  ${line}\n`));
      for (const title of ["Examples:", "Messages:"]) assert.ok(text.includes(`\n${title}\n`));
    });

  test("on the first word of several names each of them", () => {
    for (const family of Object.keys(FAMILIES)) {
      const others = verbsIn(family).filter((verb) => verb !== family);
      assert.ok(others.length > 0);
      for (const verb of others) assert.match(help("help", family), new RegExp(verb));
    }
  });
});

test("no line of any help is wider than a terminal", () => {
  const topics = [undefined, "options", ...VERB_NAMES, ...Object.keys(FAMILIES)];
  const wide = topics.flatMap((topic) =>
    linesOf(helpText(topic)).filter((line) => line.length > 80),
  );
  assert.deepEqual(wide, []);
});

describe("every example", () => {
  /** The arguments that a shell gives to the program for a line. */
  async function argumentsOf(line: string): Promise<string[]> {
    await using dir = tempDir();
    const program = join(dir.path, "acme-sidecar");
    const list = join(dir.path, "arguments");
    writeFileSync(program, `#!/bin/sh\nprintf '%s\\0' "$@" > '${list}'\n`);
    chmodSync(program, 0o755);
    for (const input of ["targets.yaml", "properties.json"])
      writeFileSync(join(dir.path, input), "");
    // Programs that an example pipes into are not there.
    execFileSync("bash", ["-c", `PATH=$HOME; command_not_found_handle() { :; }; ${line}`], {
      cwd: dir.path,
      env: { PATH: process.env["PATH"], HOME: dir.path },
    });
    return readFileSync(list, "utf8").split("\0").slice(0, -1);
  }

  const all = [
    ...OVERVIEW.map((example) => ({ verb: undefined, ...example })),
    ...VERB_NAMES.flatMap((verb) =>
      VERB_HELP[verb].examples.map((example) => ({ verb, ...example })),
    ),
  ];
  for (const { verb, line } of all)
    test(line, async () => {
      assert.match(line, /^acme-sidecar /);
      const argv = await argumentsOf(line);
      const request = parse({ argv, env: {}, cwd: "/certs", version: "1" });
      assert.ok("wish" in request);
      if (verb !== undefined) assert.equal(request.verb satisfies Verb, verb);
      assert.deepEqual(request.warnings, []);
    });
});

describe("a word that is wrong", () => {
  /** What is said of it, with suggestions. */
  function said(...argv: string[]): string {
    assert.throws(() => parse({ argv, env: {}, cwd: "/certs", version: "1" }));
    try {
      parse({ argv, env: {}, cwd: "/certs", version: "1", suggest });
    } catch (error) {
      assert.ok(error instanceof Error && "hint" in error);
      return `${error.message} ${String(error.hint)}`;
    }
    return assert.fail("it was understood");
  }
  const CASES: [argv: string[], meant: string][] = [
    [["stauts"], "status"],
    [["Renew"], "renew"],
    [["account", "shwo"], "account show"],
    [["acount", "import", "x"], "account"],
    [["-d", "a.test", "--froce"], "--force"],
    [["-d", "a.test", "--valid-mni", "5"], "--valid_min"],
    [["batch", "x", "--concurency", "3"], "--concurrency"],
    [["-d", "a.test", "--key_type", "ec265"], "ec256"],
    [["-d", "a.test", "--key_type", "rsa4069"], "rsa4096"],
    [["-d", "a.test", "--server", "lets-encrypt"], "letsencrypt"],
    [["-d", "a.test", "--server", "zerosll"], "zerossl"],
    [["-d", "a.test", "-f", "fulchain.pem"], "fullchain.pem"],
    [["-d", "a.test", "--dns", "exce"], "exec"],
    [["revoke", "--reason", "key-compromise"], "keyCompromise"],
    [["-d", "a.test", "--log_format", "jsno"], "json"],
  ];
  for (const [argv, meant] of CASES)
    test(`${argv.join(" ")}: did you mean ${meant}`, () => {
      const [, found] = /Did you mean (.*?)\?/.exec(said(...argv)) ?? [];
      assert.equal(found, meant);
    });

  for (const argv of [
    ["frobnicate"],
    ["-d", "a.test", "--colour", "red"],
    ["-d", "a.test", "-x"],
    ["-d", "a.test", "--key_type", "ed25519"],
    ["-d", "a.test", "--dns", "route53"],
    ["-d", "a.test", "-f", "external.sh"],
    ["-d", "a.test", `--${"colour".repeat(50_000)}`],
  ])
    test(`${argv.join(" ").slice(0, 50)}: nothing is like it`, () => {
      assert.doesNotMatch(said(...argv), /Did you mean/);
    });

  test("two words that are as like it are both named, and no more", () => {
    assert.equal(suggest("ab", ["aa", "ac", "ad", "xyz"]), "Did you mean aa or ac?");
    assert.equal(suggest("ab", []), "");
  });

  test("an option of other commands is told with them", () => {
    assert.match(said("renew", "--prune"), /--prune does not work with renew\. .* command batch\./);
  });

  test("in a file of targets has a suggestion as well", async () => {
    const input = "targets: [{ names: a.test, methd: dns, key: ec265 }]";
    const { code, stderr } = await runCli(["batch", "-"], { input });
    assert.equal(code, 2);
    assert.match(stderr, /methd: there is no such key\. Did you mean method\?/);
    assert.match(stderr, /ec265: this value is unknown\. Did you mean ec256\?/);
    const other = await runCli(["batch", "-"], { input: "defaults: {}\ntarget: []" });
    assert.match(other.stderr, /target: there is no such key here\. Did you mean targets\?/);
  });
});
