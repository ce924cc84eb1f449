import type { Propagation } from "../challenge/dns/propagation.ts";
import { isProvider, type Provider } from "../challenge/dns/providers.ts";
import { type Check, entryOf, is, isRecord } from "../json.ts";
import { type Name, parseName } from "../name.ts";
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

const isHostPort = is.shape({ host: is.text, port: is.number });

const isPropagation = is.shape<Propagation>({
  timeout: is.number,
  wait: is.optional(is.number),
  resolvers: is.listOf(isHostPort),
});

/** What there has to be beside its kind. */
const METHODS: Record<Exclude<Method["kind"], "webroot">, Check> = {
  standalone: is.shape({ listen: isHostPort }),
  stateless: () => true,
  dns: is.shape<Omit<DnsMethod, "kind" | "env">>({
    provider: isProvider,
    propagation: isPropagation,
  }),
};

/** A method that was recorded; undefined: it is none, or one of another version of this program. */
export function reviveMethod(recorded: unknown): Method | undefined {
  if (!isRecord(recorded)) return undefined;
  const { kind, roots } = recorded;
  if (kind === "webroot") return reviveRoots(roots);
  const method = kind === "dns" && "script" in recorded ? reviveScript(recorded) : recorded;
  const isRight = is.text(kind) ? entryOf<Check>(METHODS, kind) : undefined;
  return isRight?.(method) ? (method as unknown as Method) : undefined;
}

/** Earlier versions recorded a program, the only provider that they knew, beside all the rest. */
function reviveScript({ script, timeout, wait, resolvers }: Record<string, unknown>): object {
  return {
    kind: "dns",
    provider: { kind: "exec", script },
    propagation: { timeout, wait, resolvers },
  };
}

function reviveRoots(roots: unknown): Method | undefined {
  if (!isRecord(roots)) return undefined;
  const entries = Object.entries(roots);
  if (!entries.every(([name, root]) => isName(name) && is.text(root))) return undefined;
  return { kind: "webroot", roots: new Map(entries as [Name, string][]) };
}

/** Whether a text is a name as this program writes it. */
export function isName(text: string): boolean {
  const parsed = parseName(text);
  return "name" in parsed && parsed.name === text;
}
