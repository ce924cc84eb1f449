import { chmod, open, readFile, rename, rm } from "node:fs/promises";
import { constants, readdirSync } from "node:fs";
import { join } from "node:path";
import { AppError, systemCode } from "../errors.ts";
import {
  giveOwner,
  type Owned,
  type OwnerEvent,
  statOf,
  TRIAL,
} from "./owner.ts";

export interface Replacement {
  name: string;
  data: string | Buffer;
  /** For the owner's eyes only. */
  secret: boolean;
}

export type ReplaceEvent =
  | { type: "completed"; files: string[] }
  | OwnerEvent
  /** A file with a key was open to more users than it is now, or to fewer. */
  | { type: "mode"; file: string; mode: number };

interface Folder extends Owned {
  /** For secret files, whatever mode the old ones have. */
  keyMode?: number | undefined;
}

const COMMIT = ".acme-sidecar.commit";
const fresh = (name: string) => `.${name}.new`;

/** Whether a file's name is one that only an interrupted `replaceFiles` leaves. */
export function isLeftover(name: string): boolean {
  return name === COMMIT || /^\..*\.new$/.test(name);
}

/**
 * Replaces files of one folder so that, after any crash, `recover` brings about
 * either all of the old ones or all of the new ones:
 *  1. each new file is written beside the old one and synced;
 *  2. the commit file, naming them all, appears by a rename: the point of no return;
 *  3. each is renamed into place; 4. the commit file goes.
 * A rename changes the inode: hard links to the old file keep the old contents.
 */
export async function replaceFiles(
  folder: Folder,
  files: readonly Replacement[],
  emit: (event: ReplaceEvent) => void,
): Promise<void> {
  const { dir } = folder;
  const names = files.map(({ name }) => name);
  try {
    for (const file of files) await writeFresh(folder, file, emit);
    await writeSynced(join(dir, fresh(COMMIT)), JSON.stringify(names), 0o600);
    await syncFolder(dir);
  } catch (error) {
    for (const name of [...names, COMMIT])
      await rm(join(dir, fresh(name)), { force: true });
    throw error;
  }
  await rename(join(dir, fresh(COMMIT)), join(dir, COMMIT));
  await syncFolder(dir);
  await complete(dir, names);
}

/**
 * Completes or undoes what an interrupted `replaceFiles` of these names left in
 * the folder. Resolves to whether new files came into place by it.
 */
export async function recover(
  dir: string,
  names: readonly string[],
  emit: (event: ReplaceEvent) => void,
): Promise<boolean> {
  // Mostly there is nothing, which one look tells.
  const present = new Set(readdirSync(dir));
  const committed = present.has(COMMIT) ? await readCommit(dir) : undefined;
  if (committed !== undefined) {
    await complete(dir, committed);
    emit({ type: "completed", files: committed });
  }
  for (const name of [...names, COMMIT, TRIAL])
    if (present.has(fresh(name)))
      await rm(join(dir, fresh(name)), { force: true });
  return committed !== undefined;
}

async function readCommit(dir: string): Promise<string[]> {
  const file = join(dir, COMMIT);
  try {
    const names: unknown = JSON.parse(await readFile(file, "utf8"));
    if (
      Array.isArray(names) &&
      names.every((name) => typeof name === "string" && !name.includes("/"))
    )
      return names as string[];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new AppError("bad-file", `${file} is not what this program wrote.`, {
    hint: "Remove it if the key and the certificate beside it belong together.",
  });
}

async function complete(dir: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    try {
      await rename(join(dir, fresh(name)), join(dir, name));
    } catch (error) {
      // An earlier, interrupted completion has renamed it.
      if (systemCode(error) !== "ENOENT") throw error;
    }
  }
  await syncFolder(dir);
  await rm(join(dir, COMMIT), { force: true });
  await syncFolder(dir);
}

async function writeFresh(
  { dir, keyMode, owner }: Folder,
  { name, data, secret }: Replacement,
  emit: (event: ReplaceEvent) => void,
): Promise<void> {
  const file = join(dir, fresh(name));
  const old = await statOf(join(dir, name));
  await writeSynced(file, data, 0o600);
  const owned = await giveOwner(file, old, owner);
  if (owned === "lost") emit({ type: "owner-lost", file: name });
  const mode = modeOf({
    secret,
    old: owned === "kept" ? old?.mode : undefined,
    chosen: secret ? keyMode : undefined,
  });
  await chmod(file, mode);
  if (secret && old && owned !== "lost" && mode !== (old.mode & 0o777))
    emit({ type: "mode", file: name, mode });
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

/** Writes a file that is on disk when this resolves; one that was there goes first. */
export async function writeSynced(
  file: string,
  data: string | Buffer,
  mode: number,
): Promise<void> {
  await rm(file, { force: true });
  await using handle = await open(file, NEW_SYNCED, mode);
  await handle.writeFile(data);
}

const { O_WRONLY, O_CREAT, O_EXCL, O_SYNC } = constants;
const NEW_SYNCED = O_WRONLY | O_CREAT | O_EXCL | O_SYNC;

/** Makes renames last; with the permission model of Node.js, which has no fsync, when the system gets to it. */
export async function syncFolder(dir: string): Promise<void> {
  await using handle = await open(dir, "r");
  try {
    await handle.sync();
  } catch (error) {
    if (systemCode(error) !== "ERR_ACCESS_DENIED") throw error;
  }
}
