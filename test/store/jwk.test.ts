import assert from "node:assert/strict";
import { generateKeyPairSync, sign, verify } from "node:crypto";
import { test } from "node:test";
import { readJwk } from "../../src/store/jwk.ts";

const makeRsa = () => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const key = makeRsa();
const jwk = key.export({ format: "jwk" });
const { n, e, d, kty } = jwk;

test("an RSA key with d alone is whole again, and signs", () => {
  const read = readJwk({ kty, d, n, e });
  assert.ok(read.equals(key));
  const text = Buffer.from("x");
  assert.ok(verify("sha256", text, key, sign("sha256", text, read)));
});

test("an RSA key that has lost some members is an error, naming them", () => {
  const { q, qi, ...others } = jwk;
  assert.ok(q !== undefined && qi !== undefined);
  assert.throws(() => readJwk(others), { message: "its key lacks q, qi" });
});

test("a d of another key is an error", () => {
  const { d } = makeRsa().export({ format: "jwk" });
  for (const members of [
    { n, e, d, kty },
    { kty, d },
    { kty, d, n: "", e },
  ])
    assert.throws(() => readJwk(members), { message: /its key is damaged/ });
});

test("an RSA key whose members do not belong together is an error", () => {
  for (const wrong of [{ dp: "AQAB" }, { qi: jwk.dq }, { p: jwk.q }])
    assert.throws(() => readJwk({ ...jwk, ...wrong }), {
      message: /its key is damaged/,
    });
});

test("so are smaller ones, whatever it takes to find their primes", () => {
  for (let round = 0; round < 20; round += 1) {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 512 });
    const { n, e, d, kty } = privateKey.export({ format: "jwk" });
    assert.ok(readJwk({ kty, d, n, e }).equals(privateKey));
  }
});

test("an RSA key whose modulus is a prime is an error", () => {
  assert.throws(() => readJwk({ kty, n: jwk.p, e, d: jwk.dp }), { message: /its key is damaged/ });
});

test("an RSA key of a million digits is an error at once", () => {
  const long = "x".repeat(1_000_000);
  assert.throws(() => readJwk({ kty, e, n: long, d: long }), { message: /its key is damaged/ });
});

test("padded base64url is read", () => {
  const padded = Object.entries(jwk).map(([name, value]): [string, unknown] => [
    name,
    name === "kty" ? value : `${String(value)}==`,
  ]);
  assert.ok(readJwk(Object.fromEntries(padded)).equals(key));
});
