import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { makeBundle } from "../support/certificates.ts";
import { startCli } from "../support/cli.ts";
import {
  certsDir,
  type Files,
  fileFlags,
  rsaAccount,
  simpLeFiles,
  unaskedCa,
} from "../support/simp_le.ts";
import { eventually } from "../support/wait.ts";

const DAY = 24 * 60 * 60;
const account = rsaAccount();
const made = makeBundle({
  names: ["a.test", "b.test"],
});
const old = simpLeFiles(made, account);
const brief = simpLeFiles(makeBundle({ days: 6 }), account);
const NAMES = ["-d", "a.test", "-d", "b.test"];
/** Answered by files: no test may take port 80. */
const FOLDER = ["-d", "a.test:"];
const NOWHERE = "/no/such/folder";

const KEPT: [statement: string, args: string[], files?: Files][] = [
  ["the names are the same", NAMES],
  ["the order of names does not matter", ["-d", "b.test", "-d", "a.test"]],
  ["capitals do not matter", ["-d", "A.test", "-d", "b.TEST"]],
  ["repeated names do not matter", [...NAMES, "-d", "A.test", ...NAMES]],
  ["as much as --valid_min is left", [...NAMES, "--valid_min", `${89 * DAY}`]],
  ["--valid_min 0 keeps what is not over", [...NAMES, "--valid_min", "0"]],
  ["a six-day certificate is kept for half its life", ["-d", "a.test"], brief],
  ["another CA does not matter", [...NAMES, "--server", "https://other.test/dir"]],
  ["another address does not matter", [...NAMES, "--email", "new@a.test"]],
  [
    "other key sizes do not matter",
    [...NAMES, "--cert_key_size", "4096", "--account_key_size", "4096"],
  ],
  [
    "folders are not looked at",
    ["-d", `a.test:${NOWHERE}`, "-d", "b.test", "--default_root", NOWHERE],
  ],
  [
    "the account's files are not needed, nor made",
    NAMES,
    { ...old, "account_key.json": undefined, "account_reg.json": undefined },
  ],
];

const EARLIER: [statement: string, args: string[], says: RegExp, files?: Files][] = [
  [
    "an option that is not understood, before the lack of -d",
    ["--valid_min", "soon"],
    /--valid_min/,
  ],
  ["an option that does not exist, before the lack of -d", ["--colour"], /--colour/],
  ["the lack of -d, before the lack of a place", ["-f", "key.pem"], /-d NAME/],
  [
    "the lack of a place, before the address",
    [...NAMES, "-f", "key.pem", "--email", "nobody"],
    /these files cannot hold/,
  ],
  [
    "the address, before the files",
    [...NAMES, "--email", "nobody"],
    /--email nobody/,
    { "key.pem": "rubbish" },
  ],
  [
    "the files, before the decision",
    ["-d", "other.test"],
    /key\.pem/,
    { ...old, "key.pem": "rubbish" },
  ],
  [
    "a name without a folder, although nothing is due",
    ["-d", `a.test:${NOWHERE}`, "-d", "b.test"],
    /b\.test/,
    old,
  ],
];

describe("without a CA", { concurrency: 4 }, () => {
  let ca: Awaited<ReturnType<typeof unaskedCa>>;
  before(async () => {
    ca = await unaskedCa();
  });
  after(() => ca[Symbol.asyncDispose]());

  for (const [statement, args, files = old] of KEPT)
    test(`nothing is due, and the code 1: ${statement}`, async () => {
      await using own = await unaskedCa();
      await using certs = certsDir(files);
      const state = certs.state();
      const run = await certs.run(...own.options, ...args, ...fileFlags());
      assert.equal(run.code, 1, run.stderr);
      assert.equal(run.stdout, "");
      assert.match(run.stderr, /^\S+Z info: .*renewal is not necessary.*\n$/);
      assert.deepEqual(certs.state(), state);
      // A look that is in vain is no failure.
      assert.equal(own.count(), args.includes("--valid_min") ? 0 : 1);
    });

  for (const [statement, args, says, files = {}] of EARLIER)
    test(`what is said first, and the code 2: ${statement}`, async () => {
      await using certs = certsDir(files);
      const state = certs.state();
      const run = await certs.run(...ca.options, ...args);
      assert.equal(run.code, 2);
      assert.equal(run.stdout, "");
      const [first = ""] = run.stderr.split("\n");
      assert.match(first, /^\S+Z error: /);
      assert.match(first, says);
      assert.doesNotMatch(run.stderr, /Debugging tips/);
      assert.deepEqual(certs.state(), state);
      assert.deepEqual(ca.requests, []);
    });

  const WARNED: [args: string[], says: RegExp][] = [
    [["--tos_sha256", "0123abcd"], /warn: .*tos_sha256/],
    [["--server", "https://acme-v01.api.letsencrypt.org/directory"], /warn: .*acme-v01/],
  ];
  for (const [args, says] of WARNED)
    test(`${args.join(" ")} is taken, with a warning`, async () => {
      await using certs = certsDir(old);
      const run = await certs.run(...NAMES, ...args);
      assert.equal(run.code, 1, run.stderr);
      assert.match(run.stderr, says);
    });

  for (const [argument, says] of [
    ["--help", /^Usage: /],
    ["--version", /^acme-sidecar \d+\.\d+\.\d+\n$/],
  ] as const)
    test(`${argument}: stdout alone, and the code 0`, async () => {
      await using certs = certsDir({ "key.pem": "rubbish" });
      const run = await certs.run(argument, "-f", "key.pem");
      assert.equal(run.code, 0);
      assert.equal(run.stderr, "");
      assert.match(run.stdout, says);
    });

  test("--revoke without a certificate is an error, and nobody is asked", async () => {
    await using certs = certsDir({
      "account_key.json": old["account_key.json"],
    });
    const state = certs.state();
    const run = await certs.run(...ca.options, "--revoke", ...fileFlags());
    assert.equal(run.code, 2);
    assert.match(run.stderr, /error: .* has no certificate to revoke with/);
    assert.deepEqual(certs.state(), state);
    assert.deepEqual(ca.requests, []);
  });

  for (const [text, sent] of [
    ["me/1.0 (test)", "me/1.0 (test)"],
    ["", "ACME"],
  ] as const)
    test(`--user_agent "${text}" is sent as "${sent}"`, async () => {
      await using own = await unaskedCa();
      own.inject({ answer: { status: 403 } });
      await using certs = certsDir();
      const run = await certs.run(...own.options, ...FOLDER, "--user_agent", text);
      assert.equal(run.code, 2);
      assert.match(run.stderr, /403/);
      const agents = own.requests.map(({ headers }) => headers["user-agent"]);
      assert.deepEqual([...new Set(agents)], [sent]);
    });

  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)
    test(`${signal} ends a run with ${code}`, async () => {
      await using own = await unaskedCa();
      own.inject({ hang: "before" });
      await using certs = certsDir();
      const args = [...own.options, ...FOLDER];
      await using child = await startCli(args, { cwd: certs.path });
      await eventually("a request", () => own.count() > 0);
      child.kill(signal);
      assert.deepEqual(await child.exited, { code, signal: null });
      assert.match(child.stderr(), new RegExp(`Interrupted by ${signal}`));
      assert.deepEqual(certs.files(), ["account_key.json"]);
    });
});
