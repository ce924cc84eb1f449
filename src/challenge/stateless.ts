import { type Responder, unseen } from "./responder.ts";

/**
 * Leaves http-01 to a web server. It answers any token with the token and the account's thumbprint
 * (RFC 8555 section 8.1), so there is nothing to publish.
 */
export function openStateless(): Responder {
  const nothing = { [Symbol.asyncDispose]: () => Promise.resolve() };
  const publication = unseen(nothing, (names) =>
    Promise.resolve(new Map(names.map((name) => [name, { stateless: true }]))),
  );
  return { type: "http-01", publish: () => Promise.resolve(publication), ...nothing };
}
