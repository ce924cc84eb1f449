import type { Propagation } from "../challenge/dns/propagation.ts";
import type { Provider } from "../challenge/dns/providers.ts";
import type { Name } from "../name.ts";
import type { Listen } from "../serve.ts";

/** dns-01 by TXT records that a provider sets. */
export interface DnsMethod {
  kind: "dns";
  provider: Provider;
  propagation: Propagation;
  /** What the provider finds in its environment beside that of this process: credentials, as a rule. Never recorded. */
  env?: Record<string, string> | undefined;
}

/**
 * How the CA is answered: http-01 on a port of our own, by files in the folders a web
 * server serves, or by a proxy that knows the account's thumbprint; or dns-01.
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
