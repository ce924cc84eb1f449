import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { FORMAT_NAMES, FORMATS, type FormatName } from "../../src/store/formats.ts";
import { makeBundle, type MadeBundle } from "../support/certificates.ts";
import {
  certsDir,
  type Files,
  fileFlags,
  pythonJson,
  rsaAccount,
  simpLeFiles,
  simpLeJwk,
  unaskedCa,
} from "../support/simp_le.ts";

const account = rsaAccount();
const rsa = makeBundle({ rsa: 2048 });
const ec = makeBundle();
const old = simpLeFiles(rsa, account);
/** With simp_le's option the CA is not asked about a certificate that is not due. */
const NAME = ["-d", "a.test", "--valid_min", "0"];
const SECRETS = FORMAT_NAMES.filter((name) => FORMATS[name].secret);

const everyText = (change: (text: string) => string): Files =>
  Object.fromEntries(
    Object.entries(old).map(([name, data]) => [
      name,
      typeof data === "string" ? change(data) : data,
    ]),
  );
const padded = (value: string) => value.padEnd(value.length + ((4 - (value.length % 4)) % 4), "=");
const jwk = simpLeJwk(account);
const { n, e, d, kty } = jwk;
const registration = JSON.parse(old["account_reg.json"] as string) as {
  body: Record<string, unknown>;
  uri: string;
};
const issuers = rsa.chain.map(String).join("");

/** What other programs, and people, make of the files; all of it is read, and left as it is. */
const READ: [statement: string, files: Files][] = [
  ["as simp_le writes them, without a newline at the end", {}],
  ["with CRLF", everyText((text) => text.replaceAll("\n", "\r\n"))],
  [
    "with the label that OpenSSL had for certificates long ago",
    everyText((text) => text.replaceAll(/(BEGIN|END) CERTIFICATE/g, "$1 X509 CERTIFICATE")),
  ],
  ["with newlines at the end", everyText((text) => `${text}\n\n`)],
  [
    "with text around the blocks of PEM",
    {
      "cert.pem": `Certificate:\n  Data: ...\n${String(rsa.leaf)}`,
      "chain.pem": `${issuers}subject=/CN=test CA\n`,
      "key.pem": `Bag Attributes\n${String(old["key.pem"])}\n`,
    },
  ],
  [
    "with a cert.pem that has the chain too: the first certificate counts",
    { "cert.pem": String(rsa.leaf) + issuers },
  ],
  ["with key.pem in PKCS#1", { "key.pem": rsa.key.export({ type: "pkcs1", format: "pem" }) }],
  ["with key.der in PKCS#8", { "key.der": rsa.key.export({ type: "pkcs8", format: "der" }) }],
  [
    "with an account key that is spread over lines",
    { "account_key.json": JSON.stringify(jwk, undefined, 4) },
  ],
  [
    "with an account key in another order",
    {
      "account_key.json": JSON.stringify(Object.fromEntries(Object.entries(jwk).reverse())),
    },
  ],
  [
    "with an account key in padded base64url",
    {
      "account_key.json": pythonJson(
        Object.fromEntries(
          Object.entries(jwk).map(([name, value]) => [
            name,
            name === "kty" ? value : padded(value),
          ]),
        ),
      ),
    },
  ],
  ["with an account key that has d alone", { "account_key.json": pythonJson({ n, e, d, kty }) }],
  [
    "with an account key of kind EC",
    {
      "account_key.json": JSON.stringify(
        generateKeyPairSync("ec", {
          namedCurve: "P-256",
        }).privateKey.export({ format: "jwk" }),
      ),
      "account_reg.json": undefined,
    },
  ],
  [
    "with members in account_reg.json that simp_le does not know",
    {
      "account_reg.json": JSON.stringify({
        new_authzr_uri: "https://ca.test/new-authz",
        ...registration,
        body: { ...registration.body, orders: "https://ca.test/orders" },
      }),
    },
  ],
  [
    "with elliptic keys, in SEC 1",
    {
      ...simpLeFiles(ec, account),
      "key.pem": ec.key.export({ type: "sec1", format: "pem" }),
    },
  ],
];

describe("files that are read", { concurrency: 4 }, () => {
  let ca: Awaited<ReturnType<typeof unaskedCa>>;
  before(async () => {
    ca = await unaskedCa();
  });
  after(() => ca[Symbol.asyncDispose]());

  for (const [statement, files] of READ)
    test(statement, async () => {
      await using certs = certsDir({ ...old, ...files });
      const before = certs.state();
      const run = await certs.run(...ca.options, ...NAME, ...fileFlags());
      assert.equal(run.code, 1, run.stderr);
      assert.deepEqual(certs.state(), before);
      assert.deepEqual(ca.requests, []);
    });

  test("files that were not chosen are neither read nor written", async () => {
    const chosen = fileFlags(["account_key.json", "full.pem"]);
    const rubbish = FORMAT_NAMES.filter((name) => !chosen.includes(name));
    await using certs = certsDir({
      ...old,
      ...Object.fromEntries(rubbish.map((name) => [name, "rubbish"])),
    });
    const before = certs.state();
    const run = await certs.run(...ca.options, ...NAME, ...chosen);
    assert.equal(run.code, 1, run.stderr);
    assert.deepEqual(certs.state(), before);
  });

  const lost: FormatName[][] = [
    ...SECRETS.filter((name) => name.startsWith("key")).map((name) => [name]),
    ["cert.pem", "fullchain.pem"],
    ["cert.der", "chain.pem"],
    ["full.pem"],
    ["key.pem", "key.der", "cert.pem", "cert.der", "chain.pem", "fullchain.pem"],
  ];
  for (const names of lost)
    test(`${names.join(", ")}, missing while others hold the same: written, and 0`, async () => {
      await using certs = certsDir({
        ...old,
        ...Object.fromEntries(names.map((name) => [name, undefined])),
      });
      const before = certs.state();
      const args = [...ca.options, ...NAME, ...fileFlags()];
      const run = await certs.run(...args);
      assert.equal(run.code, 0, run.stderr);
      for (const name of names) {
        assert.match(run.stderr, new RegExp(`Saving ${name}`));
        const written = FORMATS[name].encode(rsa);
        assert.deepEqual(certs.bytes(name), Buffer.from(written ?? ""));
        assert.equal(certs.mode(name), SECRETS.includes(name) ? 0o600 : 0o644);
      }
      const now = Object.entries(certs.state());
      assert.deepEqual(Object.fromEntries(now.filter(([name]) => name in before)), before);
      assert.equal((await certs.run(...args)).code, 1);
      assert.deepEqual(ca.requests, []);
    });

  const SPACE = [9, 10, 11, 12, 13, 32];
  const endsInSpace = (data: Buffer) => SPACE.includes(data.at(-1) ?? 0);
  const DER: ["key.der" | "cert.der", (made: MadeBundle) => Buffer][] = [
    ["key.der", ({ key }) => key.export({ type: "sec1", format: "der" })],
    ["cert.der", ({ leaf }) => leaf.raw],
  ];
  for (const [name, der] of DER)
    test(`${name} whose last byte is white space is written and read whole`, async () => {
      const made = makeBundle({ until: (each) => endsInSpace(der(each)) });
      await using certs = certsDir({
        ...simpLeFiles(made, account),
        [name]: undefined,
      });
      const args = [...ca.options, ...NAME, ...fileFlags()];
      const run = await certs.run(...args);
      assert.equal(run.code, 0, run.stderr);
      assert.deepEqual(certs.bytes(name), der(made));
      assert.equal((await certs.run(...args)).code, 1);
    });
});
