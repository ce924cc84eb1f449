import { isDeepStrictEqual } from "node:util";
import { relative, resolve } from "node:path";
import { isAddress } from "../acme/protocol.ts";
import type { DnsExec } from "../challenge/dns-exec.ts";
import { type Check, entryOf, is, isRecord } from "../json.ts";
import { type Name, parseName } from "../name.ts";
import { FORMAT_NAMES } from "../store/formats.ts";
import type { Place } from "../store/set.ts";
import type { Draft, KeyType, Method, Source, Target } from "./target.ts";

/**
 * A target as plain data, for the next run to read: without `force`, which is for one run, and without
 * secrets, of which only the files are named. Folders of accounts are relative to the set's.
 */
export function record({ source, want, ask, keep }: Target | Draft): object {
  const { account, method, ...asked } = ask;
  const { kid, file } = account.binding ?? {};
  const { dir, formats, keyMode, owner, pkcs12 } = keep;
  const plain = {
    source,
    want: { ...want, force: undefined },
    ask: {
      ...asked,
      contact: account.contact,
      accountKey: account.key,
      binding: file === undefined ? undefined : { kid, file },
      method: plainMethod(method),
    },
    keep: {
      formats,
      keyMode,
      owner,
      accounts: account.dir && relative(dir, account.dir),
      pkcs12: pkcs12 && { file: pkcs12.file },
    },
  };
  return JSON.parse(JSON.stringify(plain)) as object;
}

function plainMethod(method: Method): object {
  if (method.kind === "webroot") return { ...method, roots: Object.fromEntries(method.roots) };
  return method.kind === "dns" ? { ...method, env: undefined } : method;
}

/** Whether what was recorded is this target. */
export function isRecorded(recorded: unknown, target: Target): boolean {
  return isDeepStrictEqual(recorded, record(target));
}

/** The target that was recorded, for a folder; undefined when that is not one, or of another version of this program. */
export function revive(
  recorded: unknown,
  { id, dir }: { id: string; dir: string },
): Draft | undefined {
  if (!isRecord(recorded)) return undefined;
  const { source, want, ask, keep } = recorded;
  if (source !== undefined && !isSource(source)) return undefined;
  if (!isWant(want) || !isAsk(ask) || !isKeep(keep)) return undefined;
  const method = reviveMethod(ask.method);
  if (method === undefined) return undefined;
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

const isSource = is.shape<Source>({ file: is.text, gone: is.flag });

/** The file of targets that what was recorded is from. */
export function sourceOf(recorded: unknown): Source | undefined {
  if (!isRecord(recorded)) return undefined;
  const { source } = recorded;
  return isSource(source) ? source : undefined;
}

/** What was recorded, as something that its file has no more. */
export function asGone(recorded: unknown): unknown {
  const source = sourceOf(recorded);
  return isRecord(recorded) && source !== undefined
    ? { ...recorded, source: { ...source, gone: true } }
    : recorded;
}

const isKeyType: Check = (value) => value === "ec256" || value === "ec384" || isRsa(value);
const isRsa = is.shape({ rsa: is.number, exponent: is.optional(is.number) });

const isWant = is.shape<Omit<Target["want"], "force">>({
  names: isFullList(isName),
  key: is.optional(isKeyType),
  profile: is.optional(is.text),
  validAtLeast: is.optional(is.number),
  nextRun: is.number,
});

interface PlainAsk extends Omit<Target["ask"], "method" | "account"> {
  contact: readonly string[];
  accountKey?: KeyType | undefined;
  binding?: { kid: string; file: string } | undefined;
  method: unknown;
}

const isAsk = is.shape<PlainAsk>({
  from: isFullList(isAddress),
  binding: is.optional(is.shape({ kid: is.text, file: is.text })),
  profile: is.optional(is.shape({ name: is.text, required: is.flag })),
  caBundle: is.optional(is.text),
  userAgent: is.optional(is.text),
  contact: is.listOf(is.text),
  accountKey: is.optional(isKeyType),
  key: is.optional(isKeyType),
  reuseKey: is.flag,
  chain: (value) => isAlternate(value) || isIssuer(value),
  method: isRecord,
});
const isAlternate = is.shape({ alternate: is.number });
const isIssuer = is.shape({ issuer: is.text });

interface PlainKeep extends Omit<Place, "dir" | "pkcs12"> {
  /** The folder of accounts that sets share, from the set's own. */
  accounts?: string | undefined;
  pkcs12?: { file: string } | undefined;
}

const isKeep = is.shape<PlainKeep>({
  formats: isFullList((name) => (FORMAT_NAMES as string[]).includes(name)),
  keyMode: is.optional(is.number),
  owner: is.optional(is.shape({ uid: is.number, gid: is.optional(is.number) })),
  pkcs12: is.optional(is.shape({ file: is.text })),
  accounts: is.optional(is.text),
});

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

function isFullList(isRight: (text: string) => boolean): Check {
  const isAll = is.listOf((each) => typeof each === "string" && isRight(each));
  return (value) => isAll(value) && (value as string[]).length > 0;
}
