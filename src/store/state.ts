import { readFileSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import type { ErrorCode } from "../errors.ts";
import { isRecord } from "../json.ts";
import { writeSynced } from "./replace.ts";

/** When a CA would like a certificate to be renewed (RFC 9773 section 4.2), and the moment chosen in it. */
export interface RenewalWindow {
  start: Date;
  end: Date;
  pick: Date;
  /** Where the CA says why. */
  explanation?: string | undefined;
}

/** What is remembered of a certificate, beside what its files hold. */
export interface Origin {
  /** The SHA-256 fingerprint of the certificate. */
  certificate: string;
  /** The URL of the directory of the CA that issued it; undefined: it was not issued by this program. */
  from?: string | undefined;
  profile?: string | undefined;
  window?: RenewalWindow | undefined;
  /** When to ask for the window again, at the earliest. */
  lookAgain?: Date | undefined;
}

/** How the last runs failed, one after another. */
export interface Failure {
  /** How many have. */
  count: number;
  /** When the last of them did. */
  at: Date;
  code: ErrorCode;
  message: string;
  hint?: string | undefined;
  /** When a scheduled run tries again, at the earliest. */
  next: Date;
  /** What had been wanted. */
  target: unknown;
}

/** What one run tells the next about a set. */
export interface State {
  origin?: Origin | undefined;
  /** The SHA-256 fingerprint of a certificate that a run was about to save, and has not lived to tell of. */
  untold?: string | undefined;
  /** What was wanted, as whoever wrote it reads it. */
  target?: unknown;
  /** Undefined: the last run has not failed. */
  failure?: Failure | undefined;
}

export const STATE_FILE = ".acme-sidecar.json";
const VERSION = 1;

/**
 * What an earlier run remembered of the set in a folder. Whatever cannot be read counts as
 * nothing: it costs one more look at the CA.
 */
export function loadState(dir: string): State {
  try {
    const text = readFileSync(join(dir, STATE_FILE), "utf8");
    const value: unknown = JSON.parse(text, revive);
    if (!isRecord(value) || value["version"] !== VERSION) return {};
    const { origin, untold, target, failure } = value;
    return {
      target,
      ...(isOrigin(origin) && { origin }),
      ...(isText(untold) && { untold }),
      ...(isFailure(failure) && { failure }),
    };
  } catch {
    return {};
  }
}

type Check = (value: unknown) => boolean;

const isText = (value: unknown) => typeof value === "string";
const isDate = (value: unknown) => value instanceof Date;
const isOptional = (check: Check) => (value: unknown) =>
  value === undefined || check(value);

function hasAll<T>(checks: Record<keyof T, Check>) {
  const all = Object.entries<Check>(checks);
  return (value: unknown): value is T =>
    isRecord(value) && all.every(([name, check]) => check(value[name]));
}

const isWindow = hasAll<RenewalWindow>({
  ...{ start: isDate, end: isDate, pick: isDate },
  explanation: isOptional(isText),
});

const isOrigin = hasAll<Origin>({
  certificate: isText,
  from: isOptional(isText),
  profile: isOptional(isText),
  window: isOptional(isWindow),
  lookAgain: isOptional(isDate),
});

const isFailure = hasAll<Failure>({
  count: Number.isSafeInteger,
  at: isDate,
  code: isText,
  message: isText,
  hint: isOptional(isText),
  next: isDate,
  target: () => true,
});

/** Remembers; a failure to do so is none, since no certificate depends on it. */
export async function saveState(dir: string, state: State): Promise<void> {
  const fresh = join(dir, `${STATE_FILE}.new`);
  const text = JSON.stringify({ version: VERSION, ...state }, null, 1);
  try {
    await writeSynced(fresh, `${text}\n`, 0o644);
    await rename(fresh, join(dir, STATE_FILE));
  } catch {
    // A read-only folder, for example: the next run asks the CA again.
  }
}

/** What is known of a certificate, which is little when the state is about another. */
export function originOf({ origin }: State, certificate: string): Origin {
  return origin?.certificate === certificate ? origin : { certificate };
}

const DATES = ["start", "end", "pick", "lookAgain", "at", "next"];

function revive(name: string, value: unknown): unknown {
  if (!DATES.includes(name)) return value;
  const date = new Date(String(value));
  if (Number.isNaN(date.getTime())) throw new SyntaxError(`${name} is no date`);
  return date;
}
