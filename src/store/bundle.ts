import type { KeyObject, X509Certificate } from "node:crypto";
import { parseName } from "../name.ts";

/** A certificate with its key and chain. Check it with `flawOf` before you use it. */
export interface Bundle {
  key: KeyObject;
  leaf: X509Certificate;
  /** The issuers, nearest first; the root may be missing. */
  chain: readonly X509Certificate[];
}

/**
 * What is wrong with a certificate that is to serve these names from `now` on, as the end of a
 * sentence; undefined if it is valid.
 */
export function flawOf(
  { key, leaf, chain }: Bundle,
  names: readonly string[],
  now: Date,
): string | undefined {
  if (!leaf.checkPrivateKey(key)) return "it belongs to another key";
  if (!sameNames(namesOf(leaf), names))
    return `it is for ${namesOf(leaf).join(", ")} instead of ${names.join(", ")}`;
  if (leaf.validToDate <= now) return `it expired at ${leaf.validToDate.toISOString()}`;
  const path = [leaf, ...chain];
  const gap = path.slice(0, -1).findIndex((issued, index) => !isIssuedBy(issued, path[index + 1]));
  if (gap >= 0) return `certificate ${gap + 2} of its chain did not issue the one before it`;
  return chain.length === 0 ? "its issuer's certificate is missing" : undefined;
}

/** The DNS names and IP addresses in the subjectAltName (RFC 5280 section 4.2.1.6), as `parseName` writes them. */
export function namesOf(leaf: X509Certificate): string[] {
  const entries = leaf.subjectAltName?.split(", ") ?? [];
  return entries.flatMap((entry) => {
    const [, text] = /^(?:DNS|IP Address):(.*)$/.exec(entry) ?? [];
    if (text === undefined) return [];
    const parsed = parseName(text);
    return "name" in parsed ? parsed.name : text.toLowerCase();
  });
}

export function sameNames(some: readonly string[], others: readonly string[]): boolean {
  const set = new Set(some);
  return set.size === new Set(others).size && others.every((name) => set.has(name));
}

/**
 * Checks only the names if Node.js does not know the signature's algorithm: a refusal would make
 * every run get another certificate.
 */
function isIssuedBy(issued: X509Certificate, issuer: X509Certificate | undefined): boolean {
  if (issuer === undefined) return false;
  return issued.signatureAlgorithm === undefined
    ? issued.issuer === issuer.subject
    : issued.checkIssued(issuer) && issued.verify(issuer.publicKey);
}
