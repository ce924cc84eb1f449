import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Directory } from "../directory/directory.ts";
import { AppError } from "../errors.ts";
import { is } from "../json.ts";

export const COMMIT = ".acme-sidecar.commit";

/** The name of a file that is on its way to another name; nobody can guess it, and so nobody be there first. */
export const freshName = (name: string) =>
  `.${visible(name)}.${randomBytes(8).toString("hex")}.new`;

export const visible = (name: string) => name.replace(/^\./, "");

/** A fresh name; versions before 1.0 had no number in it. */
const FRESH = /^\.([^/]+?)(?:\.[0-9a-f]{16})?\.new$/;

/** The name, without a dot at its start, of the file that a fresh one is to become; undefined: it is none. */
export function nameOfFresh(fresh: string): string | undefined {
  return FRESH.exec(fresh)?.[1];
}

/** Whether a file's name is one that only an interrupted `replaceFiles` leaves. */
export function isLeftover(name: string): boolean {
  return name === COMMIT || nameOfFresh(name) !== undefined;
}

/** What a commit file tells to do with one file of the set. */
export interface Move {
  name: string;
  /** The file that takes its place, beside where it is; undefined: it goes. */
  fresh: string | undefined;
}

const isMove = is.shape<Move>({
  name: (name) => is.text(name) && !name.includes("/"),
  fresh: is.optional((name) => is.text(name) && FRESH.test(name)),
});

/** Throws `bad-file` for one that this program did not write. */
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
