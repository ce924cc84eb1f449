import { sleep } from "../time.ts";
import type { Publication, Responder } from "./responder.ts";

/** How long a CA usually takes to ask, in milliseconds. */
const USUAL_PAUSE = 500;

const HINT =
  "The web server must answer for this account. Print its block again with acme-sidecar nginx --stateless and the same folder, load it, and check that /.well-known/acme-challenge/ of each name leads there.";

/**
 * Leaves http-01 to a web server that answers any token with the token and the
 * account's thumbprint (RFC 8555 section 8.1), so nothing has to be published.
 */
export function openStateless(): Responder {
  const publication: Publication = {
    fetched: undefined,
    hint: HINT,
    asked: (signal) => sleep(USUAL_PAUSE, signal),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return {
    type: "http-01",
    publish: () => Promise.resolve(publication),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
