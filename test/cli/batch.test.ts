import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { parseTargets } from "../../src/cli/targets-file.ts";
import { asFlag } from "../../src/cli/dialect.ts";
import { AppError } from "../../src/errors.ts";
import type { Options } from "../../src/cli/options.ts";
import { runCli } from "../support/cli.ts";
import { tempDir } from "../support/temp.ts";

const parse = (text: string, options: Options = {}) =>
  parseTargets(text, {
    file: "targets.yaml",
    ...{ options, cwd: "/work", subject: asFlag },
  });

/** What is said of a file with mistakes. */
function complaint(text: string, options: Options = {}): string {
  try {
    parse(text, options);
  } catch (error) {
    assert.ok(error instanceof AppError);
    assert.equal(error.code, "usage");
    return error.message;
  }
  assert.fail("it was taken");
}

describe("a file of targets", () => {
  test("the example of docs/batch.md means what its table says", () => {
    const page = readFileSync("docs/batch.md", "utf8");
    const [, yaml = ""] = /```yaml\n(.*?)```/s.exec(page) ?? [];
    const [site, shop, wild, fixed] = parse(yaml, { certs_dir: "/certs" });
    assert.equal(site?.id, "example.com");
    assert.equal(site.keep.dir, "/certs/example.com");
    assert.equal(site.ask.account.dir, "/certs/accounts");
    assert.deepEqual(site.ask.account.contact, ["you@example.com"]);
    assert.deepEqual(shop?.want.key, { rsa: 2048 });
    assert.equal(shop.keep.keyMode, 0o640);
    assert.deepEqual(shop.keep.formats, ["fullchain.pem", "key.pem", "full.pem"]);
    assert.equal(wild?.ask.method.kind, "dns");
    assert.equal(fixed?.ask.method.kind, "webroot");
    assert.deepEqual(
      fixed.ask.from.map((url) => new URL(url).host),
      ["acme-v02.api.letsencrypt.org", "acme.zerossl.com"],
    );
  });

  test("what is nearer counts: the target, then defaults, then the command line", () => {
    const yaml = `
defaults: { valid-min: 2, method: dns, dns_exec: ./hook }
targets:
  - names: a.test
  - { names: [b.test], valid_min: 3, method: standalone, listen: "127.0.0.1:81" }
`;
    const [a, b] = parse(yaml, { valid_min: "1", email: "x@y.test" });
    assert.deepEqual([a?.want.validAtLeast, b?.want.validAtLeast], [2000, 3000]);
    assert.deepEqual(a?.ask.account.contact, ["x@y.test"]);
    assert.equal(a.ask.method.kind, "dns");
    assert.deepEqual(b?.ask.method, {
      kind: "standalone",
      listen: { host: "127.0.0.1", port: 81 },
    });
  });

  test("keys may have hyphens, values aliases, and numbers count as they are written", () => {
    const [a, b] = parse(
      "targets:\n- &a {names: a.test, valid-min: &n 07, mode: 0640}\n- {names: 1.test, valid_min: *n}",
      {},
    );
    assert.equal(a?.want.validAtLeast, 7000);
    assert.equal(a.keep.keyMode, 0o640);
    assert.equal(b?.want.validAtLeast, 7000);
  });

  test("JSON is taken as it is, and every mistake in it told with its line", () => {
    const targets = [{ names: ["a.test"], email: "nobody" }];
    assert.match(
      complaint(JSON.stringify({ targets }, null, 1)),
      /^targets\.yaml, line 7, targets\[0\]\.email: nobody: this is not an e-mail/,
    );
  });

  test("every mistake is told, each once", () => {
    const said = complaint(`
defaults:
  email: nobody
  id: x
targets:
  - names: [a..test, b.test, "c d.test"]
    key: rsa1
  - id: two
  - names: a.test
    colour: red
    valid_min: soon
    formats: [cert.gif, key.pem]
  - names: d.test
    method: pigeon
  - names: e.test
    id: a b
  - names: f.test
    id: Two
other: 1
`);
    const lines = said.trimEnd().split("\n");
    const expected = [
      /^targets\.yaml has \d+ mistakes; nothing was done\.$/,
      /^line 3, defaults\.email: nobody: this is not an e-mail/,
      /^line 4, defaults\.id: /,
      /^line 6, targets\[0\]\.names: a\.\.test: /,
      /^line 6, targets\[0\]\.names: c d\.test: /,
      /^line 7, targets\[0\]\.key: rsa1: /,
      /^line 8, targets\[1\]: it has no names/,
      /^line 10, targets\[2\]\.colour: there is no such key/,
      /^line 11, targets\[2\]\.valid_min: soon: /,
      /^line 12, targets\[2\]\.formats: cert\.gif: /,
      /^line 14, targets\[3\]\.method: pigeon: /,
      /^line 16, targets\[4\]\.id: a b: /,
      /^line 18, targets\[5\]\.id: Two is the id of targets\[1\] too/,
      /^line 19, other: there is no such key here/,
    ];
    for (const pattern of expected)
      assert.ok(
        lines.some((line) => pattern.test(line)),
        `${String(pattern)} in\n${said}`,
      );
    assert.equal(lines.length, expected.length, said);
  });

  for (const [text, reason] of [
    ["", /there is no list of targets|not a mapping/],
    ["targets: []", /there is no list of targets/],
    ["targets: {a: 1}", /there is no list of targets/],
    ["- a", /not a mapping/],
    ["targets: [1]", /targets\[0\]: it is not a mapping/],
    ["targets: [{names: {a: 1}}]", /a text or a list of texts is needed/],
    ["targets: [{names: a.test, names: b.test}]", /line 1.*unique/i],
    ["targets: [{names: a.test", /line 1: /],
    ["targets:\n  - names: a.test\n\t- x", /line 3: /],
    ["targets: [{names: '*.a.test'}]", /targets\[0\]\.names: \*\.a\.test: a wildcard/],
    ["targets: [{names: a.test, method: webroot}]", /webroot needs root/],
    ["targets: [{names: a.test, reuse_key: maybe}]", /reuse_key: true or false/],
    ["targets: [{names: a.test, id: accounts}]", /for the accounts/],
    ["targets: [{names: a.test, id: true}]", /targets\[0\]\.id: a text is needed/],
    ["targets: [{names: []}]", /a text or a list of texts is needed/],
    ["targets: [{names: a.test, __proto__: {email: x}}]", /__proto__: there is no such key/],
    ["targets: &all [{names: a.test, formats: *all}]", /formats: a text or a list of texts/],
    ["defaults: {names: a.test}\ntargets: [{names: a.test}]", /defaults\.names: it belongs to/],
    ["targets: [{names: a.test, id: ../up}]", /an id has at most 100 letters/],
    [
      `targets: [{names: ${"a".repeat(60)}.${"b".repeat(60)}.test}]`,
      /targets\[0\]: .*an id has at most 100 letters/,
    ],
    ["targets: [{names: a.test, eab_kid: x}]", /eab_hmac_key_file/],
  ] as const)
    test(`is refused: ${JSON.stringify(text)}`, () => {
      assert.match(complaint(text), reason);
    });
});

for (const [words, reason] of [
  [["batch"], /There is no file of targets.*batch FILE/],
  [["batch", "none.yaml"], /none\.yaml: it does not exist/],
  [["batch", "-", "-d", "a.test"], /--vhost does not work with/],
  [["batch", "-", "--dry_run"], /--dry_run does not work with/],
  [["renew", "--dry_run"], /--dry_run does not work with/],
  [["renew", "--revoke"], /--revoke does not work with/],
  [["batch", "-", "--concurrency", "0"], /--concurrency 0: choose 1 to 100/],
  [["batch", "-", "--concurrency", "many"], /--concurrency many: a whole number/],
] as const)
  test(`is refused: ${words.join(" ")}`, async () => {
    await using dir = tempDir();
    const { code, stdout, stderr } = await runCli([...words], {
      cwd: dir.path,
    });
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, reason);
  });
