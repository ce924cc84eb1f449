import { createPrivateKey, type KeyObject, type webcrypto } from "node:crypto";
import { isRecord } from "../json.ts";
import { wholeRsa } from "./rsa.ts";

type JsonWebKey = webcrypto.JsonWebKey;

/** The members of an RSA key that follow from the others (RFC 7518 section 6.3.2). */
const DERIVED = ["p", "q", "dp", "dq", "qi"] as const;
/**
 * The most characters in a member: RSA with 16,384 bits, OpenSSL's maximum. Checking longer keys
 * would take hours.
 */
const LONGEST = 2_732;

/**
 * The private key in a JSON Web Key (RFC 7517). Like simp_le it accepts padded base64url, and RSA
 * keys with only `d`. Throws an Error whose message is the end of a sentence about the key.
 */
export function readJwk(value: unknown): KeyObject {
  const members = isRecord(value) ? Object.entries(value) : [];
  const jwk: JsonWebKey = Object.fromEntries(
    members.flatMap(([name, member]) =>
      typeof member === "string" ? [[name, member.replace(/=+$/, "")]] : [],
    ),
  );
  if (jwk.kty === undefined) throw new Error("it is not a JSON Web Key");
  if (jwk.d === undefined) throw new Error("it is a public key, without the private part");
  const absent = DERIVED.filter((name) => jwk[name] === undefined);
  if (jwk.kty === "RSA" && absent.length > 0 && absent.length < DERIVED.length)
    throw new Error(`its key lacks ${absent.join(", ")}`);
  try {
    if (Object.values(jwk).some((member) => String(member).length > LONGEST))
      throw new Error("one of its members is too long");
    const whole = jwk.kty === "RSA" ? wholeRsa(jwk, absent.length > 0) : jwk;
    return createPrivateKey({ key: whole, format: "jwk" });
  } catch (error) {
    throw new Error("its key is damaged, or of an unknown kind", {
      cause: error,
    });
  }
}

/** The members of the key in simp_le's order, then any others. */
export function writeJwk(key: KeyObject): Record<string, unknown> {
  const { n, e, d, p, q, dp, dq, qi, kty, ...others } = key.export({
    format: "jwk",
  });
  const members = Object.entries({ n, e, d, p, q, dp, dq, qi, kty, ...others });
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}
