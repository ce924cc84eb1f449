import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parse } from "../../src/cli/parse.ts";
import { AppError } from "../../src/errors.ts";
import { runCli } from "../support/cli.ts";
import { tempDir } from "../support/temp.ts";

const HOOK = ["--dns", "exec", "--dns_exec", "hook"];

/** What is said of a command line, one mistake a line. */
function said(argv: string[], env: Record<string, string> = {}): string[] {
  try {
    parse({ argv, env, cwd: "/certs", version: "1" });
  } catch (error) {
    assert.ok(error instanceof AppError && error.code === "usage");
    return [error.message, error.hint ?? []].flat().join(" ").split("\n");
  }
  assert.fail("it was taken");
}

function matches(lines: readonly string[], patterns: readonly RegExp[]): void {
  assert.equal(lines.length, patterns.length, lines.join("\n"));
  patterns.forEach((pattern, at) => {
    // Further lines of a message are indented.
    assert.match((lines[at] ?? "").trimStart(), pattern);
  });
}

describe("a command line with several mistakes", () => {
  test("does not quote an address that may have a password in it", () => {
    for (const server of [
      "https://me:hunter2@ca.test/dir",
      "https://me:hunter2@ca test/dir",
      "https://hunter2@ca.test/",
      "http://me:hunter2@ca.test/dir",
      "me:hunter2@ca.test/dir",
    ])
      matches(said(["-d", "a.test", "--server", server]), [
        /^(?!.*hunter2)--server: it has a user name or a password.*before the @/s,
      ]);
  });

  test("has a --user_agent told that does not fit into a header", () => {
    for (const odd of ["a\r\nX: y", "a\nb", "a\0b", "\u001b[1m", "\u20ac"])
      matches(said(["-d", "a.test", "--user_agent", odd]), [
        /^--user_agent: it has a character that a header cannot have/,
      ]);
  });

  test("has every one of them told", () => {
    matches(
      said([
        ...["-d", "a_b.test", "-d", "c..test", "--key_type", "rsa1"],
        ...["--email", "nobody,me@a.test,x", "--dns", "exec"],
        ...["--eab_kid", "k", "--log_format", "xml", "--server", "none"],
      ]),
      [
        /^--key_type rsa1: this value is unknown/,
        /^--eab_kid k: it needs a MAC key too\. Give --eab_hmac_key_file FILE, or --eab_hmac_key KEY/,
        /^--server none: /,
        /^-d a_b\.test: underscores/,
        /^-d c\.\.test: /,
        /^--dns exec: it needs a program/,
        /^--email nobody: /,
        /^--email x: /,
        /^--log_format xml: /,
      ],
    );
  });

  test("has every word told that is no option", () => {
    matches(said(["-d", "a.test", "--froce", "-x", "--", "b.test"]), [
      /^--froce is not an option/,
      /^-x is not an option/,
      /^"b\.test" is neither an option nor a value of one/,
    ]);
  });

  test("does not have told what lacks only because something else is wrong", () => {
    matches(said(["-d", "*.a.test", "--dns", "route53"]), [
      /^--dns route53: this value is unknown/,
    ]);
    matches(said(["-d", "a.test", "-f", "cert.gif", "-f", "key.pem"]), [/^-f cert\.gif: /]);
    matches(said(["-d", "a_b.test"]), [/^-d a_b\.test: /]);
  });

  test("never shows a secret, and names a variable where it is the variable's", () => {
    const env = { ACME_SIDECAR_EAB_HMAC_KEY: "not a key" };
    const lines = said(["-d", "a.test", "--eab_kid", "k"], env);
    matches(lines, [/^ACME_SIDECAR_EAB_HMAC_KEY: it is neither/]);
    assert.ok(!lines.join().includes("not a key"));
  });
});

test("a file of roots without a certificate is told, with what is needed", async () => {
  await using dir = tempDir();
  writeFileSync(join(dir.path, "roots.pem"), "nonsense");
  const words = ["-d", "a.test", "--ca_bundle", "roots.pem"];
  const { code, stderr } = await runCli(words, { cwd: dir.path });
  assert.equal(code, 2);
  assert.match(stderr, /--ca_bundle .*roots\.pem: it has no PEM certificate\. Name a PEM file/);
});

describe("a wildcard beside a name that it covers", () => {
  test("is refused before any order, with both names and the remedy", () => {
    matches(said(["-d", "*.a.test", "-d", "www.a.test", ...HOOK]), [
      /^-d www\.a\.test: \*\.a\.test covers it.*Leave out www\.a\.test, or the wildcard\.$/,
    ]);
  });
  test("is not meant for its base name, or what is further below or elsewhere", () => {
    const names = ["*.a.test", "a.test", "b.c.a.test", "ca.test", "*.b.a.test"];
    parse({
      argv: [...names.flatMap((name) => ["-d", name]), ...HOOK],
      ...{ env: {}, cwd: "/certs", version: "1" },
    });
  });
});

describe("a file of targets with several mistakes", { concurrency: 2 }, () => {
  const run = async (yaml: string, ...words: string[]) => {
    await using dir = tempDir();
    writeFileSync(join(dir.path, "t.yaml"), yaml);
    const { code, stderr } = await runCli(["batch", "t.yaml", ...words], {
      cwd: dir.path,
    });
    assert.equal(code, 2, stderr);
    return stderr.trimEnd().split("\n");
  };

  test("has each told with its line, and nothing after the last", async () => {
    matches(await run("targets: [{names: [d.example], method: dns, eab_kid: k}]"), [
      /t\.yaml has 2 mistakes; nothing was done\.$/,
      /^line 1, targets\[0\]\.eab_kid: k: it needs a MAC key too\. Give eab_hmac_key_file: FILE, or eab_hmac_key: KEY\.$/,
      /^line 1, targets\[0\]\.method: exec: it needs a program.* dns_exec: PROGRAM\.$/,
    ]);
  });

  test("has those beside a method, or without names, told too", async () => {
    matches(
      await run(`
targets:
  - names: "*.a..test"
    method: pigeon
    key: rsa1
  - email: nobody
  - names: ["*.b.test", www.b.test]
    method: dns
    dns_exec: {}
`),
      [
        /t\.yaml has 7 mistakes/,
        /^line 3, targets\[0\]\.names: \*\.a\.\.test: /,
        /^line 4, targets\[0\]\.method: pigeon: /,
        /^line 5, targets\[0\]\.key: rsa1: /,
        /^line 6, targets\[1\]: it has no names/,
        /^line 6, targets\[1\]\.email: nobody: /,
        /^line 7, targets\[2\]\.names: www\.b\.test: \*\.b\.test covers it/,
        /^line 9, targets\[2\]\.dns_exec: a text or a number/,
      ],
    );
  });

  test("has what the command line says told once, as it is written there", async () => {
    matches(await run("targets: [{names: a.test}, {names: b.test}]", ...["--email", "nobody"]), [
      /--email nobody: this is not an e-mail address\.$/,
    ]);
  });

  test("has every file of secrets that is of no use told with its line", async () => {
    matches(
      await run(`
targets:
  - names: a.test
    eab_kid: k
    eab_hmac_key_file: /nowhere/k
    pkcs12_password_file: /nowhere/p
  - names: b.test
    eab_kid: k
    eab_hmac_key: "not a key"
`),
      [/t\.yaml, line 9, targets\[1\]\.eab_hmac_key: it is neither/],
    );
    matches(
      await run(`
targets:
  - names: a.test
    eab_kid: k
    eab_hmac_key_file: /nowhere/k
  - names: b.test
    pkcs12_password_file: /nowhere/p
`),
      [
        /t\.yaml, line 5, targets\[0\]\.eab_hmac_key_file: \/nowhere\/k: it does not exist\. /,
        /^t\.yaml, line 7, targets\[1\]\.pkcs12_password_file: \/nowhere\/p: it does not exist\. /,
      ],
    );
  });
});
