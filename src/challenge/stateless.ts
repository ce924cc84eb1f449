import { type Responder, unseen } from "./responder.ts";

const HINT =
  "The web server must answer for this account. Print its block again with acme-sidecar nginx --stateless and the same folder, load it, and check that /.well-known/acme-challenge/ of each name leads there.";

/**
 * Leaves http-01 to a web server. It answers any token with the token and the account's thumbprint
 * (RFC 8555 section 8.1), so there is nothing to publish.
 */
export function openStateless(): Responder {
  const nothing = { [Symbol.asyncDispose]: () => Promise.resolve() };
  const publication = { ...unseen(nothing), hint: HINT };
  return { type: "http-01", publish: () => Promise.resolve(publication), ...nothing };
}
