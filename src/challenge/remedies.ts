import { CHALLENGE_PATH } from "./responder.ts";

/** What to do about the way to the answer, in the same words before an order and after it. */

/** The block that `acme-sidecar nginx` prints with these options, in the place where it works. */
export function putBlock(options = ""): string {
  return `Put the block that acme-sidecar nginx${options} prints into the server block of this name on port 80, and reload it`;
}

/** For a redirect to where CAs follow. */
export const OR_THERE = ", or forward it there too";

export function outOfRedirect(or = ""): string {
  return `Leave ${CHALLENGE_PATH} out of the redirect${or}. In nginx, write the redirect as "location / { return 301 ...; }": outside a location it comes first.`;
}
