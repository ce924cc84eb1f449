import { openDirectory } from "../directory/directory.ts";
import { isTrusted } from "../directory/walk.ts";
import type { ErrorCode } from "../errors.ts";
import { is, isRecord } from "../json.ts";
import { unwritable } from "./folder.ts";
import { replaceFile } from "./replace.ts";

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
  /** The URL of the directory of the CA that issued it; undefined: another program got it, or that was forgotten. */
  from?: string | undefined;
  /** The CA that issued it was found by asking, so that its profile is not known. */
  adopted?: true | undefined;
  /** The URL of the directory of a CA that was asked about it, and has nothing to say. */
  unknownTo?: string | undefined;
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
  /** A certificate of the set was to be handed over, this one or one before it, and nobody may have got it. */
  undelivered?: true | undefined;
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
    using directory = openDirectory(dir);
    const value = dated(JSON.parse(String(directory.read(STATE_FILE))));
    if (!isRecord(value) || value["version"] !== VERSION) return {};
    const { origin, untold, undelivered, target, failure } = value;
    return {
      ...(isOrigin(origin) && { origin }),
      ...(typeof untold === "string" && { untold }),
      ...(undelivered === true && { undelivered }),
      ...(target !== undefined && { target }),
      ...(isFailure(failure) && { failure }),
    };
  } catch {
    return {};
  }
}

/** Whether only root or this user can have written what is remembered of the set in a folder. */
export function isStateTrusted(dir: string): boolean {
  using directory = openDirectory(dir);
  const found = directory.look(STATE_FILE);
  return found === undefined || isTrusted(found);
}

const isWindow = is.shape<RenewalWindow>({
  ...{ start: is.date, end: is.date, pick: is.date },
  explanation: is.optional(is.text),
});

const isOrigin = is.shape<Origin>({
  certificate: is.text,
  from: is.optional(is.text),
  adopted: is.optional((value) => value === true),
  unknownTo: is.optional(is.text),
  profile: is.optional(is.text),
  window: is.optional(isWindow),
  lookAgain: is.optional(is.date),
});

const isFailure = is.shape<Failure>({
  count: is.number,
  at: is.date,
  code: is.text,
  message: is.text,
  hint: is.optional(is.text),
  next: is.date,
  target: () => true,
});

const DATES = ["start", "end", "pick", "lookAgain", "at", "next"];

/** The same with dates in the place of their texts, but for what a target is made of; what is no date is left out. */
function dated(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) => {
      if (name === "target") return [[name, each]];
      if (!DATES.includes(name)) return [[name, dated(each)]];
      const date = new Date(String(each));
      return Number.isNaN(date.getTime()) ? [] : [[name, date]];
    }),
  );
}

/** Remembers; a failure to do so is none, since no certificate depends on it. */
export async function saveState(dir: string, state: State): Promise<void> {
  try {
    await writeState(dir, state);
  } catch {
    // A read-only folder, for example: the next run asks the CA again.
  }
}

/** The same; throws where that cannot be done. */
export async function writeState(dir: string, state: State): Promise<void> {
  const data = `${JSON.stringify({ version: VERSION, ...state }, null, 1)}\n`;
  try {
    using directory = openDirectory(dir);
    await replaceFile(directory, STATE_FILE, { data, mode: 0o644 });
  } catch (error) {
    throw unwritable(dir, error);
  }
}

/** Forgets everything; throws where that cannot be done. */
export function removeState(dir: string): void {
  try {
    using directory = openDirectory(dir);
    directory.remove(STATE_FILE);
  } catch (error) {
    throw unwritable(dir, error);
  }
}

/** What is known of a certificate, which is little when the state is about another. */
export function originOf({ origin }: State, certificate: string): Origin {
  return origin?.certificate === certificate ? origin : { certificate };
}
