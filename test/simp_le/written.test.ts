import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { FORMAT_NAMES, FORMATS, type FormatName } from "../../src/store/formats.ts";
import { makeBundle } from "../support/certificates.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import {
  fileFlags,
  pythonJson,
  rsaAccount,
  simpLeFiles,
  simpLeJwk,
  type Site,
  site,
} from "../support/simp_le.ts";
import { missing } from "../support/tools.ts";

const skip = missing("pebble");
const account = rsaAccount();
const SECRETS = FORMAT_NAMES.filter((name) => FORMATS[name].secret);

interface Registration {
  body: Record<string, unknown>;
  uri: string;
}

describe("files that are written", { skip, concurrency: 3 }, () => {
  let pebble: Pebble;
  before(async () => {
    pebble = await startPebble({ chainLength: 2 });
  });
  after(() => pebble[Symbol.asyncDispose]());

  const RSA = ["--cert_key_size", "2048", "--account_key_size", "2048"];
  const privateKey = (data: string) =>
    createPrivateKey(data).export({ type: "pkcs8", format: "pem" });
  const blocks = (text: string) => text.split(/(?<=-----END [A-Z ]+-----\n)/);
  const accountKeyOf = (one: Site) =>
    JSON.parse(one.certs.read("account_key.json")) as Record<string, string>;

  test("all nine, with RSA keys: formats, modes and contents", async (t) => {
    await using one = await site(pebble);
    const { certs, name, recorder } = one;
    const run = await one.run("-d", name, ...RSA, ...fileFlags());
    assert.equal(run.code, 0, run.stderr);
    const key = certs.read("key.pem");
    const cert = certs.read("cert.pem");
    const chain = certs.read("chain.pem");

    await t.test("nothing but these lies in the folder", () => {
      assert.deepEqual(certs.files(), [...FORMAT_NAMES].sort());
    });
    await t.test("keys are the owner's alone, the rest everybody's", () => {
      for (const file of FORMAT_NAMES)
        assert.equal(
          certs.mode(file),
          ["account_key.json", "key.pem", "key.der", "full.pem"].includes(file) ? 0o600 : 0o644,
          file,
        );
    });
    await t.test("account_key.json: one line, simp_le's members in its order", () => {
      const text = certs.read("account_key.json");
      assert.match(text, /^\{.*\}\n$/);
      const written = accountKeyOf(one);
      assert.deepEqual(written, simpLeJwk(createPrivateKey({ key: written, format: "jwk" })));
      assert.deepEqual(Object.keys(written), "n e d p q dp dq qi kty".split(" "));
      assert.equal(written["e"], "AQAB");
      assert.ok(Object.values(written).every((value) => /^[\w-]+$/.test(value)));
    });
    await t.test("account_reg.json: one line, body and uri, the public key in it", () => {
      const text = certs.read("account_reg.json");
      assert.match(text, /^\{.*\}\n$/);
      const written = JSON.parse(text) as Registration;
      assert.deepEqual(Object.keys(written), ["body", "uri"]);
      const made = recorder.requests.find(({ kind }) => kind === "new-account");
      assert.equal(written.uri, made?.answer?.headers["location"]?.toString());
      assert.equal(written.body["status"], "valid");
      const { n, e, kty } = accountKeyOf(one);
      assert.deepEqual(written.body["key"], { n, e, kty });
    });
    await t.test("key.pem: PKCS#8", () => {
      assert.match(key, /^-----BEGIN PRIVATE KEY-----\n[^-]+-----END PRIVATE KEY-----\n$/);
      assert.equal(createPrivateKey(key).asymmetricKeyDetails?.modulusLength, 2048);
    });
    await t.test("key.der: the same in PKCS#1", () => {
      const der = Buffer.from(FORMATS["key.der"].encode({ key: createPrivateKey(key) }) ?? "");
      assert.deepEqual(certs.bytes("key.der"), der);
      const read = createPrivateKey({ key: der, format: "der", type: "pkcs1" });
      assert.ok(read.equals(createPrivateKey(key)));
    });
    await t.test("cert.pem: the certificate alone; cert.der: the same", () => {
      assert.equal(blocks(cert).length, 1);
      const leaf = new X509Certificate(cert);
      assert.ok(leaf.checkPrivateKey(createPrivateKey(key)));
      assert.deepEqual(certs.bytes("cert.der"), leaf.raw);
    });
    await t.test("chain.pem: its issuers, nearest first, nothing in between", () => {
      const path = [cert, ...blocks(chain)].map((block) => new X509Certificate(block));
      assert.equal(path.length, 3);
      path.slice(1).forEach((issuer, index) => {
        assert.ok(path[index]?.verify(issuer.publicKey));
      });
    });
    await t.test("fullchain.pem: certificate, then chain", () => {
      assert.equal(certs.read("fullchain.pem"), cert + chain);
    });
    await t.test("full.pem: key, certificate, chain", () => {
      assert.equal(certs.read("full.pem"), key + cert + chain);
    });
    await t.test("every text ends with one newline, so that files can be joined", () => {
      for (const file of FORMAT_NAMES.filter((each) => !each.endsWith(".der")))
        assert.match(certs.read(file), /[^\n]\n$/, file);
    });
  });

  test("elliptic keys are usual: ES256 for the account, P-256 for the certificate", async () => {
    await using one = await site(pebble);
    const run = await one.run("-d", one.name, ...fileFlags());
    assert.equal(run.code, 0, run.stderr);
    assert.equal(accountKeyOf(one)["crv"], "P-256");
    const made = one.recorder.requests.find(({ kind }) => kind === "new-account");
    assert.equal(made?.body?.protected["alg"], "ES256");
    const key = createPrivateKey(one.certs.read("key.pem"));
    assert.equal(key.asymmetricKeyDetails?.namedCurve, "prime256v1");
    assert.deepEqual(one.certs.bytes("key.der"), key.export({ type: "sec1", format: "der" }));
  });

  test("an account key of simp_le is used as it is, be it d alone, and not rewritten", async () => {
    await using one = await site(pebble);
    const { n, e, d, kty } = simpLeJwk(account);
    const text = pythonJson({ n, e, d, kty });
    one.certs.write({ "account_key.json": text });
    const run = await one.run("-d", one.name);
    assert.equal(run.code, 0, run.stderr);
    assert.equal(one.certs.read("account_key.json"), text);
    const made = one.recorder.requests.find(({ kind }) => kind === "new-account");
    assert.deepEqual(made?.body?.protected["jwk"], { n, e, kty });
    assert.doesNotMatch(run.stderr, /Generating new account key/);
  });

  test("a renewal leaves the account's files alone, unknown members in them too", async () => {
    await using one = await site(pebble);
    const files = fileFlags(["account_key.json", "account_reg.json", "full.pem"]);
    assert.equal((await one.run("-d", one.name, ...files)).code, 0);
    const { body, uri } = JSON.parse(one.certs.read("account_reg.json")) as Registration;
    one.certs.write({
      "account_reg.json": JSON.stringify({
        uri,
        body: { ...body, note: "mine" },
      }),
    });
    const before = one.certs.state();
    const asked = one.recorder.count("new-account");
    const run = await one.run("-d", one.name, ...files, "--valid_min", "999999999");
    assert.equal(run.code, 0, run.stderr);
    const now = one.certs.state();
    for (const file of ["account_key.json", "account_reg.json"])
      assert.deepEqual(now[file], before[file]);
    assert.notDeepEqual(now["full.pem"], before["full.pem"]);
    assert.equal(one.recorder.count("new-account"), asked);
    assert.deepEqual(one.certs.files(), Object.keys(before).sort());
  });

  test("--reuse_key keeps the key and its files", async () => {
    await using one = await site(pebble);
    const made = makeBundle({ rsa: 2048, names: [one.name] });
    one.certs.write(simpLeFiles(made, account));
    const run = await one.run("-d", one.name, "--reuse_key", "--force", ...fileFlags());
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stderr, /Reusing existing certificate private key/);
    assert.doesNotMatch(run.stderr, /Generating new certificate private key/);
    const written = simpLeFiles(made, account);
    assert.equal(one.certs.read("key.pem"), written["key.pem"]);
    const leaf = new X509Certificate(one.certs.read("cert.pem"));
    assert.ok(leaf.checkPrivateKey(made.key));
  });

  test("keys that everybody may read are closed with the next certificate, and named in a warning", async () => {
    await using one = await site(pebble);
    one.certs.write(simpLeFiles(makeBundle({ names: [one.name] }), account));
    chmodSync(join(one.certs.path, "key.der"), 0o640);
    chmodSync(join(one.certs.path, "cert.pem"), 0o664);
    const run = await one.run("-d", one.name, "--force", ...fileFlags());
    assert.equal(run.code, 0, run.stderr);
    const warnings = run.stderr.split("\n").filter((line) => line.includes(" warn: "));
    for (const file of ["account_key.json", "key.pem", "full.pem"]) {
      assert.equal(one.certs.mode(file), 0o600, file);
      assert.ok(
        warnings.some((line) => line.includes(file)),
        run.stderr,
      );
    }
    assert.equal(one.certs.mode("key.der"), 0o640);
    assert.ok(!warnings.some((line) => line.includes("key.der")), run.stderr);
    assert.equal(one.certs.mode("cert.pem"), 0o664);
  });

  test("--key_mode is the mode of every file with a key", async () => {
    await using one = await site(pebble);
    const run = await one.run("-d", one.name, "--key_mode", "0640", ...fileFlags());
    assert.equal(run.code, 0, run.stderr);
    for (const file of FORMAT_NAMES)
      assert.equal(one.certs.mode(file), SECRETS.includes(file) ? 0o640 : 0o644, file);
  });

  test("the five files of older scripts are enough, and others stay as they are", async () => {
    await using one = await site(pebble);
    const five: FormatName[] = [
      "account_key.json",
      "key.pem",
      "cert.pem",
      "chain.pem",
      "fullchain.pem",
    ];
    one.certs.write({
      "account_reg.json": "rubbish",
      "full.pem": "",
      "dhparam.pem": "mine",
    });
    const before = one.certs.state();
    const run = await one.run("-d", one.name, ...fileFlags(five));
    assert.equal(run.code, 0, run.stderr);
    assert.deepEqual(one.certs.files(), [...five, ...Object.keys(before)].sort());
    for (const [file, state] of Object.entries(before))
      assert.deepEqual(one.certs.state()[file], state);
    assert.equal(privateKey(one.certs.read("key.pem")), one.certs.read("key.pem"));
  });

  test("a renewal writes new files beside the old ones and puts them in their place", async () => {
    await using one = await site(pebble);
    one.certs.write(simpLeFiles(makeBundle({ names: [one.name] }), account));
    const before = one.certs.state();
    rmSync(join(one.certs.path, "account_reg.json"));
    const run = await one.run("-d", one.name, "--force", ...fileFlags());
    assert.equal(run.code, 0, run.stderr);
    const inode = (state: unknown) => (state as { ino: bigint }).ino;
    const now = one.certs.state();
    for (const file of FORMAT_NAMES.filter((each) => !each.startsWith("account")))
      assert.notEqual(inode(now[file]), inode(before[file]), file);
    assert.deepEqual(one.certs.files(), [...FORMAT_NAMES].sort());
  });
});
