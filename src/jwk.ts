import { createHash, createPublicKey, type KeyObject } from "node:crypto";

/** The public part of a key as a JSON Web Key (RFC 7517), as CAs see it. */
export function publicJwk(key: KeyObject): Record<string, unknown> {
  return { ...createPublicKey(key).export({ format: "jwk" }) };
}

/** The thumbprint of a key's public part (RFC 7638). */
export function thumbprintOf(key: KeyObject): string {
  const { e, n, crv, x, y, kty } = publicJwk(key);
  const required = kty === "RSA" ? { e, kty, n } : { crv, kty, x, y };
  return createHash("sha256").update(JSON.stringify(required)).digest("base64url");
}
