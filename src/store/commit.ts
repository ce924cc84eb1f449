import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Directory } from "../directory/directory.ts";
import { AppError } from "../errors.ts";
import { is } from "../json.ts";

export const COMMIT = ".acme-sidecar.commit";

/** The temporary name of a new file. The random part keeps others from creating that file first. */
export const freshName = (name: string) =>
  `.${visible(name)}.${randomBytes(8).toString("hex")}.new`;

export const visible = (name: string) => name.replace(/^\./, "");

/** A name from `freshName`. Versions before 1.0 had no random part in it. */
const FRESH = /^\.([^/]+?)(?:\.[0-9a-f]{16})?\.new$/;

/**
 * The name, without its first dot, of the file that a temporary file will replace; undefined if the
 * name is not a temporary one.
 */
export function nameOfFresh(fresh: string): string | undefined {
  return FRESH.exec(fresh)?.[1];
}

/** Whether only an interrupted `replaceFiles` leaves a file of this name. */
export function isLeftover(name: string): boolean {
  return name === COMMIT || nameOfFresh(name) !== undefined;
}

/** One step of a commit file: what to do with one file of the set. */
export interface Move {
  name: string;
  /** The new file that replaces it, in the same folder; undefined: remove the file. */
  fresh: string | undefined;
}

const isMove = is.shape<Move>({
  name: (name) => is.text(name) && !name.includes("/"),
  fresh: is.optional((name) => is.text(name) && FRESH.test(name)),
});

/** Reads the commit file. Throws `bad-file` if it is malformed. */
export function readCommit(directory: Directory): Move[] {
  try {
    const list: unknown = JSON.parse(String(directory.read(COMMIT)));
    const moves = Array.isArray(list) && list.map(readMove);
    if (moves && moves.every(isMove)) return moves;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new AppError(
    "bad-file",
    `${join(directory.path, COMMIT)} is not what this program wrote.`,
    {
      hint: "Remove it if the key and the certificate beside it belong together.",
    },
  );
}

/** Versions before 1.0 wrote names only. */
function readMove(value: unknown): unknown {
  return is.text(value) ? { name: value, fresh: `.${visible(value)}.new` } : value;
}
