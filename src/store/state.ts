import { openDirectory } from "../directory/directory.ts";
import { isTrusted } from "../directory/walk.ts";
import type { ErrorCode, NameProblem } from "../errors.ts";
import { is, isRecord } from "../json.ts";
import { unwritable } from "./folder.ts";
import { replaceFile } from "./replace.ts";

/**
 * When the CA wants a certificate to be renewed (RFC 9773 section 4.2). `pick` is the moment in it
 * that we chose.
 */
export interface RenewalWindow {
  start: Date;
  end: Date;
  pick: Date;
  /** The address of a page where the CA explains the window. */
  explanation?: string | undefined;
}

/** What we remember of a certificate and its files do not contain. */
export interface Origin {
  /** The SHA-256 fingerprint of the certificate. */
  certificate: string;
  /**
   * The directory URL of the CA that issued it; undefined if another program got it or if the state
   * was lost.
   */
  from?: string | undefined;
  /** We found the CA by asking, so we do not know the profile. */
  adopted?: true | undefined;
  /** The directory URL of a CA that does not know this certificate. */
  unknownTo?: string | undefined;
  profile?: string | undefined;
  window?: RenewalWindow | undefined;
  /** The earliest time to ask for the window again. */
  lookAgain?: Date | undefined;
  /** The names that it should have and does not, since they failed. */
  lacks?: readonly NameProblem[] | undefined;
}

/** Failures in a row. */
export interface Failure {
  /** How many runs have failed. */
  count: number;
  /** The time of the last failure. */
  at: Date;
  code: ErrorCode;
  message: string;
  hint?: string | undefined;
  /** The earliest time for a scheduled run to try again. */
  next: Date;
  /** The target that failed. */
  target: unknown;
}

/** A CA's directory (RFC 8555 section 7.1.1), so that the next run need not wait for it. */
export interface RememberedDirectory {
  /** Its URL. */
  from: string;
  /** When it was fetched. */
  at: Date;
  resources: Record<string, unknown>;
}

/** What a run remembers of a set for the next run. */
export interface State {
  origin?: Origin | undefined;
  directory?: RememberedDirectory | undefined;
  /**
   * The SHA-256 fingerprint of a certificate that a run was about to save. The run was killed
   * before it could report it.
   */
  unreported?: string | undefined;
  /** A certificate of the set may not have been delivered: this one or an earlier one. */
  undelivered?: true | undefined;
  /** The target. The code that wrote it reads it. */
  target?: unknown;
  /** Undefined if the last run did not fail. */
  failure?: Failure | undefined;
}

export const STATE_FILE = ".acme-sidecar.json";
const VERSION = 1;

/**
 * The state that an earlier run left in a folder. Anything unreadable is ignored: the only cost is
 * another look at the CA.
 */
export function loadState(dir: string): State {
  try {
    using directory = openDirectory(dir);
    const value = dated(JSON.parse(String(directory.read(STATE_FILE))));
    if (!isRecord(value) || value["version"] !== VERSION) return {};
    const { origin, directory: remembered, untold, unreported = untold, ...more } = value;
    const { undelivered, target, failure } = more;
    return {
      ...(isOrigin(origin) && { origin }),
      ...(isDirectory(remembered) && { directory: remembered }),
      // Version 1.0.0 wrote `untold`.
      ...(typeof unreported === "string" && { unreported }),
      ...(undelivered === true && { undelivered }),
      ...(target !== undefined && { target }),
      ...(isFailure(failure) && { failure }),
    };
  } catch {
    return {};
  }
}

/** Whether only root or this user can have written the state. */
export function isStateTrusted(dir: string): boolean {
  using directory = openDirectory(dir);
  const found = directory.look(STATE_FILE);
  return found === undefined || isTrusted(found);
}

const isWindow = is.shape<RenewalWindow>({
  ...{ start: is.date, end: is.date, pick: is.date },
  explanation: is.optional(is.text),
});

const isProblem = is.shape<Pick<NameProblem, "name" | "code" | "detail">>({
  ...{ name: is.text, code: is.text, detail: is.text },
});

const isOrigin = is.shape<Origin>({
  certificate: is.text,
  from: is.optional(is.text),
  adopted: is.optional((value) => value === true),
  unknownTo: is.optional(is.text),
  profile: is.optional(is.text),
  window: is.optional(isWindow),
  lookAgain: is.optional(is.date),
  lacks: is.optional((value) => Array.isArray(value) && value.every(isProblem)),
});

const isDirectory = is.shape<RememberedDirectory>({
  from: is.text,
  at: is.date,
  resources: isRecord,
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

/** What is not ours to read. */
const OPAQUE = ["target", "resources"];

/** Turns the texts of dates into dates, except in what is opaque. Leaves out invalid dates. */
function dated(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) => {
      if (OPAQUE.includes(name)) return [[name, each]];
      if (!DATES.includes(name)) return [[name, dated(each)]];
      const date = new Date(String(each));
      return Number.isNaN(date.getTime()) ? [] : [[name, date]];
    }),
  );
}

/** Saves the state. Ignores errors, since no certificate depends on it. */
export async function saveState(dir: string, state: State): Promise<void> {
  try {
    await writeState(dir, state);
  } catch {
    // The folder may be read-only, for example. Then the next run asks the CA again.
  }
}

/** The same, but throws if it fails. */
export async function writeState(dir: string, state: State): Promise<void> {
  const data = `${JSON.stringify({ version: VERSION, ...state }, null, 1)}\n`;
  try {
    using directory = openDirectory(dir);
    await replaceFile(directory, STATE_FILE, { data, mode: 0o644 });
  } catch (error) {
    throw unwritable(dir, error);
  }
}

/** Forgets everything. Throws if it fails. */
export function removeState(dir: string): void {
  try {
    using directory = openDirectory(dir);
    directory.remove(STATE_FILE);
  } catch (error) {
    throw unwritable(dir, error);
  }
}

/**
 * What we know of a certificate. If the state is about another one, that is only its fingerprint.
 */
export function originOf({ origin }: State, certificate: string): Origin {
  return origin?.certificate === certificate ? origin : { certificate };
}
