import { isDeepStrictEqual } from "node:util";
import { relative, resolve } from "node:path";
import { isAddress } from "../acme/protocol.ts";
import { type Check, is, isRecord } from "../json.ts";
import { FORMAT_NAMES } from "../store/formats.ts";
import type { Place } from "../store/set.ts";
import { isName, recordMethod, reviveMethod } from "./method.ts";
import type { Draft, Source, Target } from "./target.ts";

/**
 * A target as plain data, for the next run to read: without `force`, which is for one run, and without
 * secrets, of which only the files are named. Folders of accounts are relative to the set's.
 */
export function record({ source, want, ask, keep }: Target | Draft): object {
  const { kid, file } = ask.binding ?? {};
  const { dir, formats, keyMode, accounts, owner, pkcs12 } = keep;
  const plain = {
    source,
    want: { ...want, force: undefined },
    ask: {
      ...ask,
      binding: file === undefined ? undefined : { kid, file },
      method: recordMethod(ask.method),
    },
    keep: {
      ...{ formats, keyMode, owner },
      accounts: accounts && relative(dir, accounts),
      pkcs12: pkcs12 && { file: pkcs12.file },
    },
  };
  return JSON.parse(JSON.stringify(plain)) as object;
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
  const { accounts, pkcs12 } = keep;
  const { binding } = ask;
  return {
    ...{ id, source },
    want: { ...want, force: false },
    ask: {
      ...ask,
      binding: binding && { ...binding, called: binding.file },
      method,
    },
    keep: {
      ...keep,
      pkcs12: pkcs12 && { ...pkcs12, called: pkcs12.file },
      dir,
      accounts: accounts === undefined ? undefined : resolve(dir, accounts),
    },
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

interface PlainAsk extends Omit<Target["ask"], "method" | "binding"> {
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

interface PlainKeep extends Omit<Place, "dir" | "legoAccounts" | "pkcs12"> {
  pkcs12?: { file: string } | undefined;
}

const isKeep = is.shape<PlainKeep>({
  formats: isFullList((name) => (FORMAT_NAMES as string[]).includes(name)),
  keyMode: is.optional(is.number),
  owner: is.optional(is.shape({ uid: is.number, gid: is.optional(is.number) })),
  pkcs12: is.optional(is.shape({ file: is.text })),
  accounts: is.optional(is.text),
});

function isFullList(isRight: (text: string) => boolean): Check {
  const isAll = is.listOf((each) => typeof each === "string" && isRight(each));
  return (value) => isAll(value) && (value as string[]).length > 0;
}
