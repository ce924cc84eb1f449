import * as z from "zod/mini";
import type { Propagation } from "../challenge/dns/propagation.ts";
import { type Provider, recordedProvider } from "../challenge/dns/providers.ts";
import { isRecord, type Schemas } from "../json.ts";
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

/** A name as this program writes it. */
export const recordedName = z.custom<Name>((text) => {
  const parsed = typeof text === "string" ? parseName(text) : {};
  return "name" in parsed && parsed.name === text;
});

const hostPort = z.object({ host: z.string(), port: z.number() });

const recordedMethod = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("standalone"), listen: hostPort }),
  z.object({ kind: z.literal("webroot"), roots: z.record(recordedName, z.string()) }),
  z.object({ kind: z.literal("stateless") }),
  z.object({
    kind: z.literal("dns"),
    provider: recordedProvider,
    propagation: z.object({
      timeout: z.number(),
      wait: z.optional(z.number()),
      resolvers: z.array(hostPort),
    } satisfies Schemas<Propagation>),
  }),
]);

/** A method that was recorded; undefined: it is none, or one of another version of this program. */
export function reviveMethod(recorded: unknown): Method | undefined {
  const { data } = z.safeParse(
    recordedMethod,
    isScript(recorded) ? asProvider(recorded) : recorded,
  );
  if (data?.kind !== "webroot") return data;
  return { kind: "webroot", roots: new Map(Object.entries(data.roots) as [Name, string][]) };
}

/** Earlier versions recorded a program, the only provider that they knew, beside all the rest. */
function isScript(recorded: unknown): recorded is Record<string, unknown> {
  return isRecord(recorded) && recorded["kind"] === "dns" && "script" in recorded;
}

function asProvider({ script, ...propagation }: Record<string, unknown>): object {
  return { kind: "dns", provider: { kind: "exec", script }, propagation };
}
