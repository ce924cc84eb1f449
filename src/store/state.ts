import { readFile, rename } from "node:fs/promises";
import { join } from "node:path";
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

const FILE = ".acme-sidecar.json";
const VERSION = 1;

/**
 * What an earlier run remembered. Whatever cannot be read counts as nothing: it
 * costs one more look at the CA.
 */
export async function loadOrigin(
  dir: string,
  certificate: string,
): Promise<Origin> {
  const nothing = { certificate };
  try {
    const text = await readFile(join(dir, FILE), "utf8");
    const value = JSON.parse(text, revive) as { version: number } & Origin;
    const usable =
      value.version === VERSION && value.certificate === certificate;
    return usable ? value : nothing;
  } catch {
    return nothing;
  }
}

/** Remembers; a failure to do so is none, since nothing depends on it. */
export async function saveOrigin(dir: string, origin: Origin): Promise<void> {
  const fresh = join(dir, `${FILE}.new`);
  const text = JSON.stringify({ version: VERSION, ...origin }, null, 1);
  try {
    await writeSynced(fresh, `${text}\n`, 0o644);
    await rename(fresh, join(dir, FILE));
  } catch {
    // A read-only folder, for example: the next run asks the CA again.
  }
}

const DATES = ["start", "end", "pick", "lookAgain"];

function revive(name: string, value: unknown): unknown {
  if (!DATES.includes(name)) return value;
  const date = new Date(String(value));
  if (Number.isNaN(date.getTime())) throw new SyntaxError(`${name} is no date`);
  return date;
}
