import type { webcrypto } from "node:crypto";

type JsonWebKey = webcrypto.JsonWebKey;

/** The bases to try. Each one fails for at most half of all keys. */
const BASES = 100n;

/**
 * A private RSA key with all members. `bare` means that the key has only `d`. Throws an Error if
 * the members do not belong together: Node.js does not check that.
 */
export function wholeRsa(jwk: JsonWebKey, bare: boolean): JsonWebKey {
  const primes = bare ? derive(jwk) : { p: numberOf(jwk.p), q: numberOf(jwk.q) };
  const { p, q } = primes;
  const d = numberOf(jwk.d);
  const sound =
    p * q === numberOf(jwk.n) &&
    (bare ||
      (numberOf(jwk.dp) === d % (p - 1n) &&
        numberOf(jwk.dq) === d % (q - 1n) &&
        // This check is cheaper than computing `qi`.
        numberOf(jwk.qi) < p &&
        (numberOf(jwk.qi) * q) % p === 1n));
  if (!sound) throw new Error("its members do not belong together");
  return bare ? { ...jwk, ...derivedFrom(primes, d) } : jwk;
}

const ALIEN = "its exponents do not belong to its modulus";

interface Primes {
  p: bigint;
  q: bigint;
}

function derivedFrom({ p, q }: Primes, d: bigint): JsonWebKey {
  return {
    p: textOf(p),
    q: textOf(q),
    dp: textOf(d % (p - 1n)),
    dq: textOf(d % (q - 1n)),
    qi: textOf(power(q, p - 2n, p)),
  };
}

/** The primes of an RSA key, from its exponents (NIST SP 800-56B appendix C). */
function derive(jwk: JsonWebKey): Primes {
  const [n, e, d] = [numberOf(jwk.n), numberOf(jwk.e), numberOf(jwk.d)];
  const multiple = e * d - 1n;
  if (power(2n, multiple, n) !== 1n) throw new Error(ALIEN);
  for (let base = 2n; base < BASES; base += 1n) {
    const root = rootOfOne(base, multiple, n);
    if (root === undefined) continue;
    const p = gcd(root - 1n, n);
    return { p, q: n / p };
  }
  throw new Error(ALIEN);
}

/**
 * A square root of 1 modulo n that is not 1 or -1. It is found by squaring a power of `base` until
 * that is 1.
 */
function rootOfOne(base: bigint, multiple: bigint, n: bigint) {
  let exponent = multiple;
  let twos = 0;
  for (; exponent > 0n && exponent % 2n === 0n; exponent /= 2n) twos += 1;
  let root = power(base, exponent, n);
  for (; twos > 0; twos -= 1) {
    const square = (root * root) % n;
    if (square === 1n) break;
    root = square;
  }
  const useful = twos > 0 && root !== 1n && root !== n - 1n;
  return useful ? root : undefined;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b);
}

function numberOf(text = ""): bigint {
  return BigInt(`0x${Buffer.from(text, "base64url").toString("hex") || "0"}`);
}

function textOf(number: bigint): string {
  const hex = number.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex");
  return bytes.toString("base64url");
}
