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

/** One for each member of a type, so that none is forgotten when it gets another. */
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

/** What stands in .acme-sidecar.json of a target. */
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
    /** The folder of accounts that sets share, from the set's own. */
    accounts: z.optional(z.string()),
  } satisfies Schemas<Omit<Place, "dir"> & { accounts: unknown }>),
});

/** The target that was recorded, for a folder; undefined when that is not one, or of another version of this program. */
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

/** A method that was recorded; undefined: it is none, or one of another version of this program. */
function reviveMethod(recorded: unknown): Method | undefined {
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

/** The file of targets that what was recorded is from. */
export function sourceOf(recorded: unknown): Source | undefined {
  return z.safeParse(z.object({ source: sourceSchema }), recorded).data?.source;
}

/** What was recorded, as something that its file has no more. */
export function asGone(recorded: unknown): unknown {
  const source = sourceOf(recorded);
  return isRecord(recorded) && source !== undefined
    ? { ...recorded, source: { ...source, gone: true } }
    : recorded;
}
