import { randomBytes } from "node:crypto";
import { join } from "node:path";
import * as z from "zod/mini";
import type { Directory } from "../directory/directory.ts";
import { AppError } from "../errors.ts";

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

const move = z.object({
  name: z.string().check(z.refine((name) => !name.includes("/"))),
  /** The file that takes its place, beside where it is; undefined: it goes. */
  fresh: z.optional(z.string().check(z.regex(FRESH))),
});

/** What a commit file tells to do with one file of the set. */
export type Move = z.infer<typeof move>;

/** Versions before 1.0 wrote names only. */
const bareName = z.pipe(
  z.string(),
  z.pipe(
    z.transform((name: string): Move => ({ name, fresh: `.${visible(name)}.new` })),
    move,
  ),
);

const moves = z.array(z.union([move, bareName]));

/** Throws `bad-file` for one that this program did not write. */
export function readCommit(directory: Directory): Move[] {
  try {
    const { data } = z.safeParse(moves, JSON.parse(String(directory.read(COMMIT))));
    if (data !== undefined) return data;
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
