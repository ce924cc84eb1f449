import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { flawForServer } from "../../src/acme/server-certificate.ts";
import { flawOf } from "../../src/store/bundle.ts";
import { makeBundle, unverifiable } from "../support/certificates.ts";
import { tempDir } from "../support/temp.ts";
import { missing } from "../support/tools.ts";

const ROOT = ["basicConstraints=critical,CA:TRUE"];
const LEAF = ["subjectAltName=DNS:a.test"];

interface Wish {
  /** Extensions as OpenSSL's configuration has them. */
  leaf?: string[];
  issuer?: string[];
  root?: string[];
  key?: "ec" | "rsa";
  /** How the leaf is signed, and by what kind of key. */
  sign?: string[];
  by?: "ec" | "rsa" | "rsa-pss";
  signIssuer?: string[];
  signRoot?: string[];
}

describe("what a client of TLS takes from a server", { skip: missing("openssl") }, () => {
  const temp = tempDir();
  after(() => temp[Symbol.asyncDispose]());
  const at = (file: string) => join(temp.path, file);
  const openssl = (...words: string[]) =>
    execFileSync("openssl", words, { cwd: temp.path, stdio: "pipe" });
  openssl("ecparam", "-name", "prime256v1", "-genkey", "-out", "ec.key");
  for (const type of ["rsa", "rsa-pss"])
    openssl("genpkey", "-algorithm", type, "-out", `${type}.key`);

  let made = 0;
  /** A request with a name of its own, signed by the last certificate of a chain or, without, by itself. */
  function certificate(
    extensions: string[],
    { key = "ec", issuer, by = "ec", sign = [] }: Signing,
  ): string {
    const name = `c${(made += 1)}`;
    writeFileSync(at(`${name}.ext`), `${extensions.join("\n")}\n`);
    openssl(
      ...["req", "-new", "-key", `${key}.key`, "-subj", `/CN=${name}`],
      ...["-out", `${name}.csr`],
    );
    openssl(
      ...["x509", "-req", "-in", `${name}.csr`, "-out", `${name}.pem`],
      ...["-days", "90", "-extfile", `${name}.ext`, ...sign],
      ...(issuer === undefined
        ? ["-signkey", `${key}.key`]
        : ["-CA", `${issuer}.pem`, "-CAkey", `${by}.key`, "-CAcreateserial"]),
    );
    return name;
  }
  interface Signing {
    key?: string | undefined;
    issuer?: string;
    by?: string | undefined;
    sign?: string[] | undefined;
  }

  /** A leaf, its issuer and the root. */
  function path(wish: Wish = {}): X509Certificate[] {
    const { leaf = LEAF, issuer = ROOT, root = ROOT, by } = wish;
    const first = certificate(root, { sign: wish.signRoot });
    const second = certificate(issuer, {
      ...{ key: by, issuer: first, sign: wish.signIssuer },
    });
    const last = certificate(leaf, {
      ...{ key: wish.key, issuer: second, by, sign: wish.sign },
    });
    return [last, second, first].map(
      (name) => new X509Certificate(readFileSync(at(`${name}.pem`))),
    );
  }

  const plus = (...more: string[]) => [...LEAF, ...more];
  const PSS = ["-sigopt", "rsa_padding_mode:pss"];
  const CRITICAL = [
    ...["keyUsage=critical,digitalSignature,keyEncipherment"],
    ...["extendedKeyUsage=critical,serverAuth,clientAuth"],
    ...["basicConstraints=critical,CA:FALSE", "certificatePolicies=2.23.140.1.2.1"],
  ];

  const TAKEN: Record<string, Wish> = {
    "with nothing but a name": {},
    "with all that CAs put into it": {
      leaf: plus(
        ...CRITICAL,
        ...["tlsfeature=status_request", "subjectKeyIdentifier=hash"],
        ...["authorityInfoAccess=caIssuers;URI:http://ca.test/", "1.2.3.4=DER:0500"],
        ...["crlDistributionPoints=URI:http://ca.test/crl"],
        "1.3.6.1.4.1.11129.2.4.2=DER:04020000",
      ),
      issuer: [
        ...["basicConstraints=critical,CA:TRUE,pathlen:0"],
        ...["keyUsage=critical,keyCertSign,cRLSign"],
        ...["extendedKeyUsage=clientAuth,serverAuth"],
        "nameConstraints=critical,permitted;DNS:test",
        "policyConstraints=critical,requireExplicitPolicy:3",
      ],
    },
    "with an address": { leaf: ["subjectAltName=DNS:a.test,IP:127.0.0.1"] },
    "with an RSA key for encipherment alone": {
      ...{ key: "rsa", leaf: plus("keyUsage=critical,keyEncipherment") },
    },
    "signed with RSA": { by: "rsa" },
    "signed with RSA-PSS": { by: "rsa", sign: PSS },
    "signed with RSA-PSS by such a key": { by: "rsa-pss" },
    "with a root that is signed with SHA-1": { signRoot: ["-sha1"] },
  };
  for (const [what, wish] of Object.entries(TAKEN))
    test(`a certificate ${what}`, () => {
      assert.equal(flawForServer(path(wish)), undefined);
    });

  const NOT_TAKEN: [what: string, wish: Wish, flaw: RegExp][] = [
    [
      "for clients",
      { leaf: plus("extendedKeyUsage=clientAuth") },
      /^it is not for TLS servers.*serverAuth/,
    ],
    ["for anything", { leaf: plus("extendedKeyUsage=anyExtendedKeyUsage") }, /lacks serverAuth/],
    ["of a CA", { leaf: plus("basicConstraints=CA:TRUE") }, /^it is a CA's/],
    [
      "of a CA that may sign",
      {
        leaf: plus("basicConstraints=critical,CA:TRUE", "keyUsage=critical,digitalSignature"),
      },
      /^it is a CA's/,
    ],
    [
      "with an EC key for encipherment alone",
      { leaf: plus("keyUsage=critical,keyEncipherment") },
      /lacks digitalSignature/,
    ],
    [
      "with an RSA key that may sign certificates alone",
      { key: "rsa", leaf: plus("keyUsage=critical,keyCertSign") },
      /lacks digitalSignature/,
    ],
    [
      "with a URI beside the name",
      { leaf: ["subjectAltName=DNS:a.test,URI:https://evil.test/"] },
      /more than the names that were ordered/,
    ],
    [
      "with a critical extension that nobody knows",
      { leaf: plus("1.2.3.4=critical,DER:0500") },
      /^it has a critical extension that clients do not know \(1\.2\.3\.4\)/,
    ],
    [
      "with an issuer that has one",
      { issuer: [...ROOT, "1.2.3.4=critical,DER:0500"] },
      /^certificate 2 of its chain has a critical extension/,
    ],
    [
      "for logs alone",
      { leaf: plus("1.3.6.1.4.1.11129.2.4.3=critical,DER:0500") },
      /^it is a precertificate/,
    ],
    [
      "whose issuer is none",
      { issuer: ["basicConstraints=CA:FALSE"] },
      /^certificate 2 of its chain may not issue certificates/,
    ],
    [
      "whose issuer may sign revocation lists alone",
      { issuer: [...ROOT, "keyUsage=critical,cRLSign"] },
      /^certificate 2 of its chain may not issue certificates \(its key usage lacks keyCertSign\)/,
    ],
    [
      "whose issuer is one of mail addresses",
      { issuer: [...ROOT, "extendedKeyUsage=emailProtection"] },
      /^certificate 2 of its chain is not for TLS servers/,
    ],
    ["whose usages are damaged", { leaf: plus("2.5.29.37=DER:0500") }, /^it is damaged/],
    ["signed with SHA-1", { sign: ["-sha1"] }, /^it is signed with SHA-1/],
    ["signed with MD5", { by: "rsa", sign: ["-md5"] }, /^it is signed with MD5/],
    ["signed with RSA and SHA-1", { by: "rsa", sign: ["-sha1"] }, /^it is signed with SHA-1/],
    [
      "signed with RSA-PSS and SHA-1",
      { by: "rsa", sign: [...PSS, "-sha1"] },
      /^it is signed with SHA-1/,
    ],
    [
      "whose issuer is signed with SHA-1",
      { signIssuer: ["-sha1"] },
      /^certificate 2 of its chain is signed with SHA-1/,
    ],
  ];
  test("no certificate with an extension twice", () => {
    const [leaf, ...chain] = path({ leaf: plus("1.2.3.4=DER:0500", "1.2.3.5=DER:0500") });
    assert.ok(leaf);
    // OpenSSL makes none with the same one.
    const der = Buffer.from(leaf.raw);
    der[der.indexOf(Buffer.from([0x06, 0x03, 0x2a, 0x03, 0x05])) + 4] = 0x04;
    const flaw = flawForServer([new X509Certificate(der), ...chain]);
    assert.equal(flaw, "it has the extension 1.2.3.4 twice");
  });

  for (const [what, wish, flaw] of NOT_TAKEN)
    test(`no certificate ${what}`, () => {
      assert.match(flawForServer(path(wish)) ?? "", flaw);
    });

  test("no more CAs below an issuer than it allows", () => {
    const [leaf, issuer, root] = path({
      issuer: ["basicConstraints=critical,CA:TRUE,pathlen:0"],
      root: ["basicConstraints=critical,CA:TRUE,pathlen:0"],
    });
    assert.ok(leaf && issuer && root);
    assert.equal(flawForServer([leaf, issuer]), undefined);
    assert.equal(flawForServer([leaf, issuer, root]), undefined, "a root's limit binds nobody");
    assert.match(
      flawForServer([leaf, issuer, issuer]) ?? "",
      /^certificate 3 of its chain allows 0 CAs below it, and there are 1/,
    );
  });

  test("no more than ten certificates", () => {
    const [leaf, issuer, root] = path();
    assert.ok(leaf && issuer && root);
    const many = (count: number) => [leaf, issuer, ...Array.from({ length: count }, () => root)];
    assert.equal(flawForServer(many(8)), undefined);
    assert.match(flawForServer(many(9)) ?? "", /as 11 certificates/);
  });

  test("no more bytes than OpenSSL takes in a handshake", () => {
    const long = (size: number) => [
      ...ROOT,
      `1.2.3.4=DER:0482${size.toString(16).padStart(4, "0")}${"00".repeat(size)}`,
    ];
    assert.equal(flawForServer(path({ issuer: long(30_000) })), undefined);
    assert.match(
      flawForServer(path({ issuer: long(45_000), root: long(45_000) })) ?? "",
      /^it has 9\d+ bytes with its chain/,
    );
  });

  test("what an algorithm that came later has signed, for this is not known to be bad", () => {
    const { key, leaf, chain } = makeBundle();
    const pem = [leaf, ...chain].map(String).join("");
    const [odd] = unverifiable(pem).split(/(?<=END CERTIFICATE-----\n)/);
    const late = new X509Certificate(odd ?? "");
    assert.equal(late.signatureAlgorithm, undefined);
    assert.equal(flawForServer([late, ...chain]), undefined);
    const flaw = (issuers: X509Certificate[]) =>
      flawOf({ key, leaf: late, chain: issuers }, ["a.test"], new Date());
    assert.equal(flaw(chain), undefined);
    assert.match(flaw(path().slice(1)) ?? "", /did not issue/);
  });

  test("a set that is there is not held to what a CA has to send", () => {
    const [leaf, ...chain] = path({
      leaf: plus("extendedKeyUsage=clientAuth", "1.2.3.4=critical,DER:0500"),
      sign: ["-sha1"],
    });
    assert.ok(leaf);
    const key = readFileSync(at("ec.key"));
    const now = new Date();
    assert.equal(flawOf({ key: createPrivateKey(key), leaf, chain }, ["a.test"], now), undefined);
  });
});
