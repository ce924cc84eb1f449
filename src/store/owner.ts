import type { Stats } from "node:fs";
import type { Directory } from "../directory/directory.ts";
import type { NewFile } from "../directory/new-file.ts";
import { AppError, messageOf, systemCode } from "../errors.ts";

/** The owner of files, in numbers. Without a group, it is the old file's group or the user's. */
export interface Owner {
  uid: number;
  gid?: number | undefined;
}

export interface OwnerEvent {
  type: "owner-lost";
  file: string;
}

/** What decides the owner of a new file. */
export interface OwnerSource {
  /** The file to replace, if there is one. */
  old: Stats | undefined;
  /** The wanted owner; undefined: the old file's owner or, without an old file, the user. */
  owner: Owner | undefined;
}

/**
 * Gives a new file its owner and group. "kept": the group is the old file's, so its mode is right
 * too. "changed": the group is another one, as wanted. "lost": this user may not change owner and
 * group.
 */
export async function giveOwner(
  file: NewFile,
  { old, owner }: OwnerSource,
  directory: Directory,
): Promise<"kept" | "changed" | "lost"> {
  const { uid, gid } = old ?? (await file.stat());
  const wish = { uid: owner?.uid ?? uid, gid: owner?.gid ?? gid };
  if (await tryOwner(file, wish)) return wish.gid === gid ? "kept" : "changed";
  // Perhaps only the old file's group is not allowed.
  if (owner !== undefined) await chownTo(file, owner, directory);
  return "lost";
}

/** Resolves to whether the new file has this owner and group. */
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

/** Changes the owner. Throws an AppError if this user may not do that. */
export async function chownTo(
  file: NewFile,
  { uid, gid }: Owner,
  { path }: Directory,
): Promise<void> {
  try {
    // -1 does not change the group.
    await file.chown(uid, gid ?? -1);
    // Changing the mode of another user's file requires CAP_FOWNER. Find out now whether we have
    // it.
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
 * Keeps the old file's mode, as somebody chose it. A secret that everybody can read is no choice:
 * simp_le writes its keys with that mode.
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
  /** The mode of the old file. */
  old: number | undefined;
  /** The mode that the user wants. */
  chosen: number | undefined;
}
