import type { Network } from "../commands/network.ts";
import type { Target } from "../core/target.ts";
import type { Given } from "./given.ts";

/** How to reach CAs; for the whole run. */
export function parseNetwork(given: Given, { version }: { version: string }): Network {
  const { caBundle, userAgent } = parseWay(given);
  return { caBundle, userAgent, usualAgent: `acme-sidecar/${version}` };
}

/** How to reach CAs; for one target. */
export function parseWay(given: Given): Pick<Target["ask"], "caBundle" | "userAgent"> {
  const userAgent = given.text("user_agent");
  // RFC 9110 section 5.5 allows only these characters. The run and its target both read this
  // option, so it may be wrong already.
  if (!given.isWrong("user_agent") && /[^\t\x20-\x7e\x80-\xff]/.test(userAgent ?? ""))
    given.wrong("user_agent", "it has a character that a header cannot have.", {
      hint: "Write it on one line, with letters, digits and signs of ASCII.",
    });
  return {
    // Scripts pass an empty value if they have none, and simp_le accepts it.
    caBundle: given.text("ca_bundle") ? given.path("ca_bundle") : undefined,
    // RFC 8555 section 6.1 requires a User-Agent.
    userAgent: userAgent === "" ? "ACME" : userAgent,
  };
}
