import type { Given } from "./given.ts";
import type { Choice } from "./options.ts";

/** The values of CRLReason (RFC 5280 section 5.3.1) that the owner of a certificate may give. */
const REASONS: Record<Choice<"reason">, number> = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  privilegeWithdrawn: 9,
};

/** The number of the reason for the revocation. */
export function parseReason(given: Given): number {
  const text = given.text("reason");
  const known = Object.entries(REASONS).find(([name]) => name.toLowerCase() === text.toLowerCase());
  if (known === undefined) given.unknown("reason", text, Object.keys(REASONS));
  return known?.[1] ?? REASONS.unspecified;
}
