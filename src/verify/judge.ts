import type { X509Certificate } from "node:crypto";
import { isIPv4, isIPv6 } from "node:net";
import { type Bundle, namesOf } from "../store/bundle.ts";

/** What is expected at a server. */
export type Expected = Pick<Bundle, "leaf" | "chain">;

/** Why a connection showed no certificate. */
export type Obstacle =
  | "plain-http"
  | "no-tls"
  | "name-unknown"
  | "handshake"
  | "refused"
  | "timeout"
  | "unreachable"
  | "no-address";

/** How a served certificate differs from the expected one. */
export type Difference =
  | "expired"
  | "not-yet"
  | "incomplete"
  | "other-name"
  | "self-signed"
  | "other-ca"
  | "older"
  | "newer";

/**
 * What is at one address, or at all addresses of a name: the expected certificate, or the reason
 * why not. `mixed`: the addresses of a name serve different certificates.
 */
export type Cause = "ok" | Difference | Obstacle | "mixed";

/** What one address showed. The certificates are as the server sent them, the leaf first. */
export type Seen =
  { path: readonly [X509Certificate, ...X509Certificate[]] } | { obstacle: Obstacle; why: string };

/** The verdict on a served certificate. */
export function judge(
  name: string,
  [served, ...issuers]: readonly [X509Certificate, ...X509Certificate[]],
  { expected: { leaf, chain }, now }: { expected: Expected; now: Date },
): "ok" | Difference {
  if (served.fingerprint256 === leaf.fingerprint256) {
    if (served.validToDate <= now) return "expired";
    if (served.validFromDate > now) return "not-yet";
    return lackOf(chain, issuers) === undefined ? "ok" : "incomplete";
  }
  if (served.checkIssued(served)) return "self-signed";
  if (!isFor(served, name)) return "other-name";
  if (!isOfSameCa(served, leaf)) return "other-ca";
  return served.validFromDate < leaf.validFromDate ? "older" : "newer";
}

/** The first issuer that clients need and that the server did not send. They have roots themselves. */
export function lackOf(
  chain: readonly X509Certificate[],
  sent: readonly X509Certificate[],
): X509Certificate | undefined {
  const have = new Set(sent.map(({ fingerprint256 }) => fingerprint256));
  return chain.find((each) => !each.checkIssued(each) && !have.has(each.fingerprint256));
}

/** Whether a certificate is good for a name, perhaps by a wildcard (RFC 9525 section 6.3). */
export function isFor(leaf: X509Certificate, name: string): boolean {
  // Names of certificates are compared as we write them: Node.js leaves IPv6 addresses as they are.
  if (isIPv4(name) || isIPv6(name)) return namesOf(leaf).includes(name);
  return leaf.checkHost(name, { subject: "never" }) !== undefined;
}

/** A CA has several intermediates, often of one organisation. */
function isOfSameCa(served: X509Certificate, leaf: X509Certificate): boolean {
  const organisation = organisationIn(leaf.issuer);
  return (
    served.issuer === leaf.issuer ||
    (organisation !== undefined && organisation === organisationIn(served.issuer))
  );
}

/** Node.js writes each attribute of a distinguished name on its own line. */
function organisationIn(name: string): string | undefined {
  return /^O=(.*)$/m.exec(name)?.[1];
}
