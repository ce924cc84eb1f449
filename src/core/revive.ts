import { resolve } from "node:path";
import * as z from "zod/mini";
import type { Propagation } from "../challenge/dns/propagation.ts";
import { recordedProvider } from "../challenge/dns/providers.ts";
import { isRecord } from "../json.ts";
import type { Name } from "../name.ts";
import { FORMAT_NAMES } from "../store/formats.ts";
import type { Place } from "../store/set.ts";
import type { Method } from "./method.ts";
import {
  askSchema,
  type Draft,
  keyTypeSchema,
  nameSchema,
  type Source,
  sourceSchema,
  wantSchema,
} from "./target.ts";

/** One schema for each member of a type. The compiler then finds a new member without one. */
type Schemas<T> = Record<keyof T, z.ZodMiniType>;

const hostPort = z.object({ host: z.string(), port: z.number() });

const recordedMethod = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("standalone"), listen: hostPort }),
  z.object({ kind: z.literal("webroot"), roots: z.record(nameSchema, z.string()) }),
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

const formatName = z.enum(FORMAT_NAMES);

/** The schema of a target in .acme-sidecar.json. */
const recordedTarget = z.object({
  source: z.optional(sourceSchema),
  want: wantSchema,
  ask: z.extend(askSchema, {
    contact: z.array(z.string()),
    accountKey: z.optional(keyTypeSchema),
    binding: z.optional(z.object({ kid: z.string(), file: z.string() })),
    method: z.unknown(),
  }),
  keep: z.object({
    formats: z.tuple([formatName], formatName),
    keyMode: z.optional(z.number()),
    owner: z.optional(z.object({ uid: z.number(), gid: z.optional(z.number()) })),
    pkcs12: z.optional(z.object({ file: z.string() })),
    /** The folder of shared accounts, relative to the set's folder. */
    accounts: z.optional(z.string()),
  } satisfies Schemas<Omit<Place, "dir"> & { accounts: unknown }>),
});

/**
 * Restores a recorded target for a folder; undefined if it is malformed or from an incompatible
 * version.
 */
export function revive(
  recorded: unknown,
  { id, dir }: { id: string; dir: string },
): Draft | undefined {
  const { data } = z.safeParse(recordedTarget, recorded);
  const method = reviveMethod(data?.ask.method);
  if (data === undefined || method === undefined) return undefined;
  const { source, want, ask, keep } = data;
  const { accounts, pkcs12, ...place } = keep;
  const { binding, contact, accountKey, ...asked } = ask;
  return {
    id,
    source,
    want: { ...want, force: false },
    ask: {
      ...asked,
      account: {
        dir: accounts === undefined ? undefined : resolve(dir, accounts),
        contact,
        key: accountKey,
        binding: binding && { ...binding, called: binding.file },
      },
      method,
    },
    keep: { ...place, pkcs12: pkcs12 && { ...pkcs12, called: pkcs12.file }, dir },
  };
}

/** Restores a recorded method; undefined if it is malformed or from an incompatible version. */
function reviveMethod(recorded: unknown): Method | undefined {
  const { data } = z.safeParse(
    recordedMethod,
    isScript(recorded) ? asProvider(recorded) : recorded,
  );
  if (data?.kind !== "webroot") return data;
  return { kind: "webroot", roots: new Map(Object.entries(data.roots) as [Name, string][]) };
}

/**
 * Earlier versions had only one provider, a program. They recorded its path beside the other
 * settings.
 */
function isScript(recorded: unknown): recorded is Record<string, unknown> {
  return isRecord(recorded) && recorded["kind"] === "dns" && "script" in recorded;
}

function asProvider({ script, ...propagation }: Record<string, unknown>): object {
  return { kind: "dns", provider: { kind: "exec", script }, propagation };
}

/** The file of targets that a recorded target comes from. */
export function sourceOf(recorded: unknown): Source | undefined {
  return z.safeParse(z.object({ source: sourceSchema }), recorded).data?.source;
}

/** The recorded target, marked as no longer in its file. */
export function asGone(recorded: unknown): unknown {
  const source = sourceOf(recorded);
  return isRecord(recorded) && source !== undefined
    ? { ...recorded, source: { ...source, gone: true } }
    : recorded;
}
