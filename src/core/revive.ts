import { resolve } from "node:path";
import * as z from "zod/mini";
import { isAddress } from "../acme/protocol.ts";
import type { DnsExec } from "../challenge/dns-exec.ts";
import { type Check, entryOf, is, isRecord } from "../json.ts";
import { type Name, parseName } from "../name.ts";
import { FORMAT_NAMES } from "../store/formats.ts";
import type { Place } from "../store/set.ts";
import type { AccountWish, Draft, Method, Source, Target } from "./target.ts";

const name = z.custom<Name>((text) => typeof text === "string" && isName(text));
const address = z.string().check(z.refine(isAddress));
const formatName = z.enum(FORMAT_NAMES);
const keyType = z.union([
  z.enum(["ec256", "ec384"]),
  z.object({ rsa: z.number(), exponent: z.optional(z.number()) }),
]);

const recordedSource = z.object({
  file: z.string(),
  gone: z.boolean(),
} satisfies Schemas<Source>);

/** What stands in .acme-sidecar.json of a target. */
const recordedTarget = z.object({
  source: z.optional(recordedSource),
  want: z.object({
    names: z.tuple([name], name),
    key: z.optional(keyType),
    profile: z.optional(z.string()),
    validAtLeast: z.optional(z.number()),
    nextRun: z.number(),
  } satisfies Schemas<Omit<Target["want"], "force">>),
  ask: z.object({
    from: z.tuple([address], address),
    binding: z.optional(z.object({ kid: z.string(), file: z.string() })),
    profile: z.optional(z.object({ name: z.string(), required: z.boolean() })),
    caBundle: z.optional(z.string()),
    userAgent: z.optional(z.string()),
    contact: z.array(z.string()),
    accountKey: z.optional(keyType),
    key: z.optional(keyType),
    reuseKey: z.boolean(),
    chain: z.union([z.object({ alternate: z.number() }), z.object({ issuer: z.string() })]),
    method: z.unknown(),
  } satisfies Schemas<RecordedAsk>),
  keep: z.object({
    formats: z.tuple([formatName], formatName),
    keyMode: z.optional(z.number()),
    owner: z.optional(z.object({ uid: z.number(), gid: z.optional(z.number()) })),
    pkcs12: z.optional(z.object({ file: z.string() })),
    /** The folder of accounts that sets share, from the set's own. */
    accounts: z.optional(z.string()),
  } satisfies Schemas<Omit<Place, "dir"> & { accounts: unknown }>),
});

/** One for each member of a type, so that none is forgotten when it gets another. */
type Schemas<T> = Record<keyof T, z.ZodMiniType>;

/** Of an account, `dir` is recorded with what says where things are. */
type RecordedAsk = Omit<Target["ask"], "account"> & { accountKey: unknown } & Omit<
    AccountWish,
    "dir" | "lego" | "key"
  >;

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

/** The file of targets that what was recorded is from. */
export function sourceOf(recorded: unknown): Source | undefined {
  return z.safeParse(z.object({ source: recordedSource }), recorded).data?.source;
}

/** What was recorded, as something that its file has no more. */
export function asGone(recorded: unknown): unknown {
  const source = sourceOf(recorded);
  return isRecord(recorded) && source !== undefined
    ? { ...recorded, source: { ...source, gone: true } }
    : recorded;
}

const isHostPort = is.shape({ host: is.text, port: is.number });

/** What there has to be beside its kind. */
const METHODS: Record<Exclude<Method["kind"], "webroot">, Check> = {
  standalone: is.shape({ listen: isHostPort }),
  stateless: () => true,
  dns: is.shape<Omit<DnsExec, "env">>({
    script: is.text,
    timeout: is.number,
    wait: is.optional(is.number),
    resolvers: is.listOf(isHostPort),
  }),
};

function reviveMethod(method: unknown): Method | undefined {
  if (!isRecord(method)) return undefined;
  const { kind, roots } = method;
  if (kind === "webroot") return reviveRoots(roots);
  const isRight = is.text(kind) ? entryOf<Check>(METHODS, kind) : undefined;
  return isRight?.(method) ? (method as unknown as Method) : undefined;
}

function reviveRoots(roots: unknown): Method | undefined {
  if (!isRecord(roots)) return undefined;
  const entries = Object.entries(roots);
  if (!entries.every(([name, root]) => isName(name) && is.text(root))) return undefined;
  return { kind: "webroot", roots: new Map(entries as [Name, string][]) };
}

function isName(text: string): boolean {
  const parsed = parseName(text);
  return "name" in parsed && parsed.name === text;
}
