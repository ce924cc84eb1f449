import type { Propagation } from "../challenge/dns/propagation.ts";
import type { Provider } from "../challenge/dns/providers.ts";
import type { Name } from "../name.ts";
import type { Listen } from "../serve.ts";

export interface DnsMethod {
  kind: "dns";
  provider: Provider;
  propagation: Propagation;
  /**
   * Environment variables for the provider, in addition to those of this process; usually
   * credentials. Never recorded.
   */
  env?: Record<string, string> | undefined;
}

/**
 * How to answer the CA. http-01: on our own port, with files in the folders of a web server, or by
 * a proxy that knows the account's thumbprint. Or dns-01.
 */
export type Method =
  | { kind: "standalone"; listen: Listen }
  | { kind: "webroot"; roots: ReadonlyMap<Name, string> }
  | { kind: "stateless" }
  | DnsMethod;

/** A method as plain data, without secrets. */
export function recordMethod(method: Method): object {
  if (method.kind === "webroot") return { ...method, roots: Object.fromEntries(method.roots) };
  return method.kind === "dns" ? { ...method, env: undefined } : method;
}
