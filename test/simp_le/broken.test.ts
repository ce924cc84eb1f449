import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { FORMAT_NAMES, type FormatName } from "../../src/store/formats.ts";
import { makeBundle } from "../support/certificates.ts";
import { runCli } from "../support/cli.ts";
import {
  type Certs,
  certsDir,
  fileFlags,
  rsaAccount,
  simpLeFiles,
  simpLeJwk,
  unaskedCa,
} from "../support/simp_le.ts";

const ec = makeBundle();
const rsa = makeBundle({ rsa: 2048 });
const account = rsaAccount();
const good = simpLeFiles(rsa, account);
const other = simpLeFiles(ec, rsaAccount());
const RUBBISH = Buffer.from([0, 255, 1, 254, 10, 13, 128, 45]);
const NOBODY = process.getuid?.() === 0 ? 65534 : undefined;

const cut = (data: string | Buffer) => data.slice(0, Math.floor(data.length * 0.8));
const json = (value: unknown) => JSON.stringify(value);
const encrypted = rsa.key.export({
  ...{ type: "pkcs8", format: "pem" },
  ...{ cipher: "aes-256-cbc", passphrase: "secret" },
});
const publicKey = createPublicKey(rsa.key);

/** What makes a file unusable, beside what makes every file so. */
const WRONG: Record<FormatName, [what: string, data: string | Buffer][]> = {
  "account_key.json": [
    ["a certificate", good["cert.pem"]],
    ["a number", "5"],
    ["null", "null"],
    ["a list", json([simpLeJwk(account)])],
    ["an object without kty", json({ ...simpLeJwk(account), kty: undefined })],
    ["a secret, not a key pair", json({ kty: "oct", k: "c2VjcmV0" })],
    ["a public key", json({ ...simpLeJwk(account), d: undefined })],
    ["a key with p and without q", json({ ...simpLeJwk(account), q: undefined })],
    ["a key without qi alone", json({ ...simpLeJwk(account), qi: undefined })],
  ],
  "account_reg.json": [
    ["an account key", good["account_key.json"]],
    ["a list", "[]"],
    ["without body", json({ uri: "https://ca.test/account/1" })],
    ["without uri", json({ body: {} })],
    ["of a body that is text", json({ body: "valid", uri: "https://ca.test/1" })],
    ["of a uri that is a number", json({ body: {}, uri: 1 })],
  ],
  "key.pem": [
    ["a certificate", good["cert.pem"]],
    ["a public key", publicKey.export({ type: "spki", format: "pem" })],
    ["an encrypted key", encrypted],
    ["a key in DER", good["key.der"]],
  ],
  "key.der": [
    ["a key in PEM", good["key.pem"]],
    ["a certificate", good["cert.der"]],
    ["a public key", publicKey.export({ type: "pkcs1", format: "der" })],
  ],
  "cert.pem": [
    ["a key", good["key.pem"]],
    ["a certificate in DER", good["cert.der"]],
    [
      "a certificate with OpenSSL's trust beside it",
      String(good["cert.pem"]).replaceAll(/ CERTIFICATE/g, " TRUSTED CERTIFICATE"),
    ],
  ],
  "cert.der": [
    ["a key", good["key.der"]],
    ["a certificate in PEM", good["cert.pem"]],
  ],
  "chain.pem": [
    ["a key", good["key.pem"]],
    ["two certificates, the last of them cut off", cutLast(good["chain.pem"], other["chain.pem"])],
  ],
  "fullchain.pem": [
    ["a key", good["key.pem"]],
    ["one certificate alone", good["cert.pem"]],
    [
      "three certificates, the last of them cut off",
      cutLast(good["fullchain.pem"], other["chain.pem"]),
    ],
  ],
  "full.pem": [
    ["without its key", good["fullchain.pem"]],
    ["a key alone", good["key.pem"]],
    ["without its chain", joined(good["key.pem"], good["cert.pem"])],
    ["of an encrypted key", joined(encrypted, good["fullchain.pem"])],
    [
      "of three certificates, the last of them cut off",
      cutLast(good["full.pem"], other["chain.pem"]),
    ],
  ],
};

function joined(...parts: (string | Buffer)[]): string {
  return parts.map((part) => String(part).trim()).join("\n");
}

function cutLast(whole: string | Buffer, last: string | Buffer): string {
  return joined(whole, cut(last));
}

/** Two files that cannot both be right, and what to put into the second. */
const DISAGREE: [one: FormatName, two: FormatName, from: FormatName][] = [
  ["key.pem", "key.der", "key.der"],
  ["key.der", "full.pem", "full.pem"],
  ["cert.pem", "cert.der", "cert.der"],
  ["cert.pem", "fullchain.pem", "fullchain.pem"],
  ["chain.pem", "fullchain.pem", "fullchain.pem"],
  ["fullchain.pem", "full.pem", "full.pem"],
  ["key.pem", "cert.pem", "cert.pem"],
  ["key.der", "cert.der", "cert.der"],
];

describe("input that cannot be used", { concurrency: 4 }, () => {
  let ca: Awaited<ReturnType<typeof unaskedCa>>;
  before(async () => {
    ca = await unaskedCa();
  });
  after(() => ca[Symbol.asyncDispose]());

  /** Exit 2, one line with these files in it, nothing touched, nobody asked. */
  async function refuses(
    certs: Certs,
    files: readonly string[],
    { uid, more = [] }: { uid?: number | undefined; more?: string[] } = {},
  ): Promise<void> {
    const old = certs.state();
    // The CA's root lies where no other user may read it.
    const server = uid === undefined ? ca.options : ["--server", ca.directoryUrl];
    // Names have no effect on --revoke, which is a warning.
    const names = more.includes("--revoke") ? [] : ["-d", "a.test"];
    const args = [...server, ...names, ...fileFlags(), ...more];
    const as = uid === undefined ? {} : { uid };
    const run = await runCli(args, { cwd: certs.path, ...as });
    assert.equal(run.code, 2, run.stderr);
    assert.equal(run.stdout, "");
    const [line = "", ...others] = run.stderr.trimEnd().split("\n");
    assert.deepEqual(others, [], run.stderr);
    for (const file of files) assert.match(line, new RegExp(`[ /]${file.replace(".", "\\.")}\\b`));
    assert.deepEqual(certs.state(), old);
    assert.deepEqual(ca.requests, []);
  }

  for (const name of FORMAT_NAMES) {
    const contents: [what: string, data: string | Buffer][] = [
      ["empty", ""],
      ["cut off", cut(good[name])],
      ["binary rubbish", RUBBISH],
      ...WRONG[name],
    ];
    for (const [what, data] of contents)
      test(`${name} that is ${what}`, async () => {
        await using certs = certsDir({ ...good, [name]: data });
        await refuses(certs, [name]);
      });

    test(`${name} that is a folder`, async () => {
      await using certs = certsDir({ ...good, [name]: undefined });
      mkdirSync(join(certs.path, name));
      await refuses(certs, [name]);
    });

    test(`${name} that this user may not read`, async () => {
      await using certs = certsDir(good);
      chmodSync(certs.path, 0o777);
      chmodSync(join(certs.path, name), 0);
      await refuses(certs, [name], { uid: NOBODY });
    });
  }

  for (const [one, two, from] of DISAGREE)
    test(`${one} and ${two} that do not belong together`, async () => {
      await using certs = certsDir({
        "account_key.json": good["account_key.json"],
        [one]: good[one],
        [two]: other[from],
      });
      await refuses(certs, [one, two]);
    });

  test("two files that disagree and are both of the right key", async () => {
    await using certs = certsDir({ ...good, "chain.pem": other["chain.pem"] });
    await refuses(certs, ["chain.pem", "fullchain.pem"]);
  });

  test("a broken file is an error even when a certificate is due anyway", async () => {
    await using certs = certsDir({ "account_key.json": "{" });
    await refuses(certs, ["account_key.json"]);
  });

  for (const option of ["--force", "--revoke"])
    test(`${option} does not get past a broken file`, async () => {
      await using certs = certsDir({ ...good, "cert.pem": "rubbish" });
      await refuses(certs, ["cert.pem"], { more: [option] });
    });

  test("--force does not get past a key that is not the certificate's", async () => {
    await using certs = certsDir({
      "key.pem": other["key.pem"],
      "fullchain.pem": good["fullchain.pem"],
    });
    await refuses(certs, ["key.pem", "fullchain.pem"], { more: ["--force"] });
  });

  test("an elliptic account key without its coordinates", async () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const jwk = { ...privateKey.export({ format: "jwk" }), y: undefined };
    await using certs = certsDir({ ...good, "account_key.json": json(jwk) });
    await refuses(certs, ["account_key.json"]);
  });
});
