import type { Given } from "./given.ts";
import type { Choice } from "./options.ts";

/** CRLReason of RFC 5280 section 5.3.1, as far as it is for the owner of a certificate to give. */
const REASONS: Record<Choice<"reason">, number> = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  privilegeWithdrawn: 9,
};

/** The number of a reason to revoke. */
export function parseReason(given: Given): number {
  const text = given.text("reason");
  const known = Object.entries(REASONS).find(([name]) => name.toLowerCase() === text.toLowerCase());
  if (known === undefined) given.unknown("reason", text, Object.keys(REASONS));
  return known?.[1] ?? REASONS.unspecified;
}
