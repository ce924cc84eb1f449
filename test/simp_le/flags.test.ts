import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { issue, read, refused } from "../support/words.ts";

const NAME = ["-d", "a.test"];

describe("every option of simp_le is understood", () => {
  const OPTIONS: [name: string, value?: string][] = [
    ["vhost", "b.test"],
    ["default_root", "/srv"],
    ["email", "me@a.test"],
    ["server", "https://ca.test/dir"],
    ["valid_min", "5"],
    ["cert_key_size", "2048"],
    ["reuse_key"],
    ["use_alt_chain", "1"],
    ["account_key_size", "2048"],
    ["account_key_public_exponent", "3"],
    ["user_agent", "me/1.0"],
    ["ca_bundle", "roots.pem"],
    ["revoke"],
    ["verbose"],
    ["help"],
    ["version"],
  ];
  for (const [name, value] of OPTIONS)
    test(`--${name}`, () => {
      const snake = [`--${name}`, ...(value === undefined ? [] : [value])];
      const [flag = "", ...rest] = snake;
      const meant = read([...NAME, ...snake]);
      assert.notDeepEqual(meant, read(NAME));
      assert.deepEqual(read([...NAME, flag.replaceAll("_", "-"), ...rest]), meant);
      if (value !== undefined) assert.deepEqual(read([...NAME, `${flag}=${value}`]), meant);
    });
});

const MEANS: [statement: string, argv: string[], as: string[]][] = [
  ["-d is --vhost", ["-d", "a.test"], ["--vhost", "a.test"]],
  ["-v is --verbose", [...NAME, "-v"], [...NAME, "--verbose"]],
  ["-h is --help", ["-h"], ["--help"]],
  ["-dNAME is -d NAME", ["-da.test"], NAME],
  ["-dNAME:ROOT is -d NAME:ROOT", ["-da.test:/srv/a"], ["-d", "a.test:/srv/a"]],
  [
    "-fFILE is -f FILE",
    [...NAME, "-faccount_key.json", "-ffull.pem"],
    [...NAME, "-f", "account_key.json", "-f", "full.pem"],
  ],
  ["-v may be repeated", [...NAME, "-v", "-v"], [...NAME, "-v"]],
  ["-v may be repeated in one word", [...NAME, "-vv"], [...NAME, "-v"]],
  ["-v may be joined with -d", ["-vda.test"], ["-v", "-d", "a.test"]],
  [
    "of a repeated option the last counts",
    [...NAME, "--valid_min", "1", "--email", "a@a.test"].concat([
      "--valid-min",
      "2",
      "--email",
      "b@a.test",
      "--valid",
      "3",
    ]),
    [...NAME, "--valid_min", "3", "--email", "b@a.test"],
  ],
  [
    "a repeated switch is the switch",
    [...NAME, "--reuse_key", "--reuse-key"],
    [...NAME, "--reuse_key"],
  ],
  [
    "commas in --email separate addresses",
    [...NAME, "--email", "a@a.test,b@a.test"],
    [...NAME, "--email", "a@a.test, b@a.test"],
  ],
  [
    "a name is split from its folder at the first colon",
    ["-d", "a.test:path:with:colons"],
    ["-d", "a.test:/certs/path:with:colons"],
  ],
  [
    "a relative folder starts in the working directory",
    ["-d", "a.test:../www"],
    ["-d", "a.test:/www"],
  ],
  ["an empty folder is the working directory", ["-d", "a.test:"], ["-d", "a.test:/certs"]],
  [
    "an empty folder is not the --default_root",
    ["-d", "a.test:", "--default_root", "/srv"],
    ["-d", "a.test:/certs"],
  ],
  [
    "of one name given twice the last folder counts",
    ["-d", "a.test:/srv/1", "-d", "A.test:/srv/2"],
    ["-d", "a.test:/srv/2"],
  ],
  [
    "--default_root is the folder of names that have none",
    ["-d", "a.test:/srv/a", "-d", "b.test", "--default_root", "/srv/b"],
    ["-d", "a.test:/srv/a", "-d", "b.test:/srv/b"],
  ],
  ["names are taken in lower case", ["-d", "A.Test"], NAME],
  ["names outside ASCII are converted", ["-d", "bücher.test"], ["-d", "xn--bcher-kva.test"]],
  [
    "a folder whose name is a number is written with ./",
    ["-d", "a.test:./8000"],
    ["-d", "a.test:/certs/8000"],
  ],
  [
    "--server is Let's Encrypt's, if nothing else",
    NAME,
    [...NAME, "--server", "https://acme-v02.api.letsencrypt.org/directory"],
  ],
  [
    "--server takes a short name",
    [...NAME, "--server", "letsencrypt"],
    [...NAME, "--server", "https://acme-v02.api.letsencrypt.org/directory"],
  ],
  ["--use_alt_chain 0 is the usual chain", [...NAME, "--use_alt_chain", "0"], NAME],
  [
    "account_reg.json may be left out, and -f repeated",
    [...NAME, "-f", "account_key.json", "-f", "full.pem", "-f", "full.pem"],
    [...NAME, "-f", "account_key.json", "-f", "full.pem"],
  ],
  [
    "no -f means the six usual files",
    NAME,
    [...NAME, "-f", "account_key.json", "-f", "account_reg.json"].concat(
      ["-f", "key.pem", "-f", "cert.pem", "-f", "chain.pem"],
      ["-f", "fullchain.pem"],
    ),
  ],
  ["revoke is --revoke", ["revoke"], ["--revoke"]],
  [
    "--revoke takes all that a run before it took",
    ["--revoke", ...NAME, "--email", "a@a.test", "--valid_min", "5"],
    ["--revoke", "--valid_min", "5", "--email", "a@a.test", ...NAME],
  ],
  ["help goes before version", ["--version", "--help"], ["--help"]],
  ["help goes before --revoke", ["--revoke", "--help"], ["--help"]],
  ["version goes before --revoke", ["--revoke", "--version"], ["--version"]],
];

describe("what an option means", () => {
  for (const [statement, argv, as] of MEANS)
    test(`${statement}: ${argv.join(" ")}`, () => {
      assert.deepEqual(read(argv), read(as));
    });
});

const REFUSED: [statement: string, argv: string[], message: RegExp][] = [
  ["no -d at all", [], /-d NAME/],
  ["an option that does not exist", [...NAME, "--colour"], /--colour/],
  ["an option without its value", [...NAME, "--valid_min"], /valid_min/],
  ["a switch with a value", [...NAME, "--reuse_key=yes"], /reuse_key/],
  ["another switch with a value", [...NAME, "--revoke=yes"], /revoke/],
  ["a word that belongs to no option", [...NAME, "b.test"], /b\.test/],
  ["a port in place of a folder", ["-d", "a.test:8000"], /:\.\/8000/],
  ["a wildcard", ["-d", "*.a.test"], /wildcard/i],
  ["an empty name", ["-d", ":/srv"], /empty/],
  [
    "folders for some names only",
    ["-d", "a.test:/srv", "-d", "b.test", "-d", "c.test"],
    /b\.test, c\.test/,
  ],
  ["what only begins like an address", [...NAME, "--email", "a@a.test>"], /--email/],
  ["fractions in --valid_min", [...NAME, "--valid_min", "2592000.0"], /valid_min/],
  ["RSA below 2048 bits", [...NAME, "--cert_key_size", "1024"], /2048/],
  ["RSA above 8192 bits", [...NAME, "--cert_key_size", "8200"], /8192/],
  ["RSA between multiples of 8", [...NAME, "--cert_key_size", "2049"], /multiple of 8/],
  ["account keys below 2048 bits", [...NAME, "--account_key_size", "1024"], /2048/],
  ...["1", "4", "0", "x"].map((value): (typeof REFUSED)[number] => [
    `the exponent ${value}`,
    [...NAME, "--account_key_public_exponent", value],
    /account_key_public_exponent/,
  ]),
  ["a chain that is no number", [...NAME, "--use_alt_chain", "last"], /use_alt_chain/],
  ["a CA by http", [...NAME, "--server", "http://ca.test/dir"], /https/],
  ["-f external.sh, and says why", [...NAME, "-f", "external.sh"], /external\.sh.*(exit|0)/],
  ["another file for -f", [...NAME, "-f", "privkey.pem"], /privkey\.pem.*key\.pem/],
  ["--test, and says where the tests are", ["--test"], /--test.*scripts\/test/],
  [
    "--integration_test, and says where the tests are",
    ["--integration_test"],
    /--integration_test.*scripts\/test/,
  ],
  ["--test with an unambiguous beginning", ["--te"], /--test.*scripts\/test/],
  ["--test even beside --help", ["--help", "--test"], /--test/],
  [
    "no place for the account's key",
    [...NAME, "-f", "full.pem", "-f", "account_reg.json"],
    /these files cannot hold the account's key\./,
  ],
  [
    "no place for the certificate's key",
    [...NAME, "-f", "fullchain.pem", "-f", "account_key.json"],
    /these files cannot hold the certificate's key\./,
  ],
  [
    "no place for the certificate",
    [...NAME, "-f", "key.der", "-f", "chain.pem", "-f", "account_key.json"],
    /these files cannot hold the certificate\./,
  ],
  [
    "no place for the chain",
    [...NAME, "-f", "key.pem", "-f", "cert.pem", "-f", "account_key.json"],
    /these files cannot hold its chain\./,
  ],
];

describe("an error at once", () => {
  for (const [statement, argv, message] of REFUSED)
    test(`${statement}: ${argv.join(" ") || "nothing"}`, () => {
      assert.match(refused(argv), message);
    });
});

describe("what is different", () => {
  for (const [old, now] of [
    ["acme-v01.api.letsencrypt.org", "acme-v02.api.letsencrypt.org"],
    ["acme-staging.api.letsencrypt.org", "acme-staging-v02.api.letsencrypt.org"],
  ] as const)
    test(`--server https://${old}/directory means its successor`, () => {
      const { target } = issue(...[...NAME, "--server", `https://${old}/directory`]);
      assert.deepEqual(target.ask.from, [`https://${now}/directory`]);
    });

  test("--tos_sha256 is accepted and changes nothing", () => {
    const old = issue(...NAME, "--tos_sha256", "0123abcd");
    assert.deepEqual(old.target, issue(...NAME).target);
    assert.deepEqual(old.network, issue(...NAME).network);
  });

  test("--user_agent without a text tells nothing, and none is ours", () => {
    assert.equal(issue(...NAME, "--user_agent", "").network.userAgent, "ACME");
    assert.equal(issue(...NAME, "--user_agent=").network.userAgent, "ACME");
    const { network } = issue(...NAME);
    assert.equal(network.userAgent, undefined);
    assert.match(network.usualAgent, /^acme-sidecar\/1\.2\.3/);
  });

  test("without --valid_min a share of the certificate's life decides, and 0 is not none", () => {
    assert.equal(issue(...NAME).target.want.validAtLeast, undefined);
    const { want } = issue(...NAME, "--valid_min", "0").target;
    assert.equal(want.validAtLeast, 0);
  });

  test("keys are elliptic, unless a size or an exponent is given", () => {
    const { ask } = issue(...NAME).target;
    assert.deepEqual([ask.account.key, ask.key], [undefined, undefined]);
    const exponent = ["--account_key_public_exponent", "3"];
    assert.notEqual(issue(...NAME, ...exponent).target.ask.account.key, undefined);
  });

  test("without any folder the program answers the CA itself", () => {
    const { method } = issue("-d", "a.test", "-d", "b.test").target.ask;
    assert.equal(method.kind, "standalone");
  });
});
