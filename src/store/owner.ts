import { chmod, chown, rm, stat, writeFile } from "node:fs/promises";
import type { Stats } from "node:fs";
import { dirname, join } from "node:path";
import { AppError, messageOf, systemCode } from "../errors.ts";
import { unwritable } from "./folder.ts";

/** Whom files are to belong to, in numbers; without a group, to the old file's or the user's. */
export interface Owner {
  uid: number;
  gid?: number | undefined;
}

export interface OwnerEvent {
  type: "owner-lost";
  file: string;
}

/** A folder in which files are replaced. */
export interface Owned {
  dir: string;
  /** Of every file that is written; undefined: the old one's, or the user. */
  owner?: Owner | undefined;
}

/** What an interrupted trial leaves, as a dot, this and ".new", is removed by every run. */
export const TRIAL = "acme-sidecar.owner";

/**
 * Gives a new file the owner and group that it is to have. "kept": the old file's mode is right for
 * them too; "changed": its group is another one, as asked for; "lost": this user may not do it.
 */
export async function giveOwner(
  file: string,
  old: Stats | undefined,
  owner: Owner | undefined,
): Promise<"kept" | "changed" | "lost"> {
  const { uid, gid } = old ?? (await stat(file));
  const wish = { uid: owner?.uid ?? uid, gid: owner?.gid ?? gid };
  if (await tryOwner(file, wish)) return wish.gid === gid ? "kept" : "changed";
  // Perhaps it is only the old group that cannot be had.
  if (owner !== undefined) await chownTo(file, owner);
  return "lost";
}

/** Resolves to whether a new file has this owner and group now. */
async function tryOwner(
  file: string,
  { uid, gid }: Pick<Stats, "uid" | "gid">,
): Promise<boolean> {
  const made = await stat(file);
  if (made.uid === uid && made.gid === gid) return true;
  try {
    await chown(file, uid, gid);
    return true;
  } catch (error) {
    if (systemCode(error) !== "EPERM") throw error;
    return false;
  }
}

/** Throws an AppError when this user may not do that. */
async function chownTo(file: string, owner: Owner): Promise<void> {
  const { uid, gid } = owner;
  try {
    // -1: whatever it is.
    await chown(file, uid, gid ?? -1);
    // What belongs to another user takes one more capability.
    await chmod(file, 0o600);
  } catch (error) {
    throw new AppError(
      "store-unwritable",
      `New files in ${dirname(file)} cannot be given to ${uid}${gid === undefined ? "" : `:${gid}`}, as --owner asks: ${messageOf(error)}.`,
      {
        hint: "Run as root with the capabilities CHOWN and FOWNER, or as that user, who must be in that group.",
        scope: "run",
        cause: error,
      },
    );
  }
}

/** Makes sure that new files can be given to their owner, before the CA is asked for anything; to be done with the lock. */
export async function checkOwner({ dir, owner }: Owned): Promise<void> {
  if (owner !== undefined) await probe(dir, (file) => chownTo(file, owner));
}

/** Tells of files that cannot be replaced by ones of their owner and group, before the CA is asked; to be done with the lock. */
export async function tellLostOwners(
  { dir, owner }: Owned,
  names: readonly string[],
  emit: (event: OwnerEvent) => void,
): Promise<void> {
  await probe(dir, async (file) => {
    for (const name of names) {
      const old = await statOf(join(dir, name));
      if (old && (await giveOwner(file, old, owner)) === "lost")
        emit({ type: "owner-lost", file: name });
    }
  });
}

/** Tries something with an empty file. */
async function probe(
  dir: string,
  attempt: (file: string) => Promise<void>,
): Promise<void> {
  const file = join(dir, `.${TRIAL}.new`);
  try {
    await writeFile(file, "", { mode: 0o600 });
    try {
      await attempt(file);
    } finally {
      await rm(file, { force: true });
    }
  } catch (error) {
    throw unwritable(dir, error);
  }
}

export async function statOf(file: string): Promise<Stats | undefined> {
  return stat(file).catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  });
}
