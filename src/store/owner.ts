import type { Stats } from "node:fs";
import type { Directory } from "../directory/directory.ts";
import type { NewFile } from "../directory/new-file.ts";
import { AppError, messageOf, systemCode } from "../errors.ts";

/** Whom files are to belong to, in numbers; without a group, to the old file's or the user's. */
export interface Owner {
  uid: number;
  gid?: number | undefined;
}

export interface OwnerEvent {
  type: "owner-lost";
  file: string;
}

/** What a new file takes over from the one that it replaces, or is asked to have. */
export interface Heritage {
  /** The file that is there. */
  old: Stats | undefined;
  /** Undefined: the old one's, or the user. */
  owner: Owner | undefined;
}

/**
 * Gives a new file the owner and group that it is to have. "kept": the old file's mode is right for
 * them too; "changed": its group is another one, as asked for; "lost": this user may not do it.
 */
export async function giveOwner(
  file: NewFile,
  { old, owner }: Heritage,
  directory: Directory,
): Promise<"kept" | "changed" | "lost"> {
  const { uid, gid } = old ?? (await file.stat());
  const wish = { uid: owner?.uid ?? uid, gid: owner?.gid ?? gid };
  if (await tryOwner(file, wish)) return wish.gid === gid ? "kept" : "changed";
  // Perhaps it is only the old group that cannot be had.
  if (owner !== undefined) await chownTo(file, owner, directory);
  return "lost";
}

/** Resolves to whether a new file has this owner and group now. */
async function tryOwner(file: NewFile, { uid, gid }: Pick<Stats, "uid" | "gid">): Promise<boolean> {
  const made = await file.stat();
  if (made.uid === uid && made.gid === gid) return true;
  try {
    await file.chown(uid, gid);
    return true;
  } catch (error) {
    if (systemCode(error) !== "EPERM") throw error;
    return false;
  }
}

/** Throws an AppError when this user may not do that. */
export async function chownTo(
  file: NewFile,
  { uid, gid }: Owner,
  { path }: Directory,
): Promise<void> {
  try {
    // -1: whatever it is.
    await file.chown(uid, gid ?? -1);
    // What belongs to another user takes one more capability.
    await file.chmod(0o600);
  } catch (error) {
    throw new AppError(
      "store-unwritable",
      `--owner ${uid}${gid === undefined ? "" : `:${gid}`}: new files in ${path} cannot be given to that owner: ${messageOf(error)}.`,
      {
        hint: "Run as root with the capabilities CHOWN and FOWNER, or as that user, in that group.",
        scope: "run",
        cause: error,
      },
    );
  }
}

/**
 * A mode that somebody chose is kept. A secret that everybody may read was
 * never chosen: simp_le leaves its keys so.
 */
export function modeOf({ secret, old, chosen }: Modes): number {
  const usual = secret ? 0o600 : 0o644;
  if (chosen !== undefined) return chosen;
  if (old === undefined) return usual;
  const mode = old & 0o777;
  return secret && (mode & 0o007) !== 0 ? usual : mode;
}

interface Modes {
  secret: boolean;
  /** Of the file that is there. */
  old: number | undefined;
  /** By the user of the program. */
  chosen: number | undefined;
}
