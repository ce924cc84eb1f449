import type { Network } from "../commands/network.ts";
import type { Target } from "../core/target.ts";
import type { Given } from "./given.ts";

/** How to reach CAs, as it is told for the whole run. */
export function parseNetwork(given: Given, { version }: { version: string }): Network {
  const { caBundle, userAgent } = parseWay(given);
  return { caBundle, userAgent, usualAgent: `acme-sidecar/${version}` };
}

/** How to reach CAs, as a target has it. */
export function parseWay(given: Given): Pick<Target["ask"], "caBundle" | "userAgent"> {
  const userAgent = given.text("user_agent");
  // RFC 9110 section 5.5. The run and its target read this, each for itself.
  if (!given.isWrong("user_agent") && /[^\t\x20-\x7e\x80-\xff]/.test(userAgent ?? ""))
    given.wrong("user_agent", "it has a character that a header cannot have.", {
      hint: "Write it on one line, with letters, digits and signs of ASCII.",
    });
  return {
    // Scripts give an empty one where they have none, which simp_le takes so.
    caBundle: given.text("ca_bundle") ? given.path("ca_bundle") : undefined,
    // RFC 8555 section 6.1 does not allow none.
    userAgent: userAgent === "" ? "ACME" : userAgent,
  };
}
