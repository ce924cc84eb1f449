import { constants, type Dirent } from "node:fs";
import { type Directory, openDirectory, type Place } from "../directory/directory.ts";
import { systemCode } from "../errors.ts";
import { COMMIT, freshName, type Move, nameOfFresh, readCommit, visible } from "./commit.ts";
import { unreplaceable } from "./folder.ts";
import { giveOwner, modeOf, type Owner, type OwnerEvent } from "./owner.ts";

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

/** A folder in which files are replaced. */
export interface Folder {
  dir: string;
  /** For secret files, whatever mode the old ones have. */
  keyMode?: number | undefined;
  /** Of every file that is written; undefined: the old one's, or the user. */
  owner?: Owner | undefined;
}

type Emit = (event: ReplaceEvent) => void;

/**
 * Replaces files of one folder so that, after any crash, `recover` brings about
 * either all of the old ones or all of the new ones:
 *  1. each new file is written beside the old one and synced;
 *  2. the commit file, naming them all, appears by a rename: the point of no return;
 *  3. each is renamed into place; 4. the commit file goes.
 * A file that is a link stays one: what it leads to is replaced. A file that cannot be renamed over is written through; where
 * that fails too, those before it are put back. A rename changes the inode: hard links to the old file keep the old contents.
 */
export async function replaceFiles(
  folder: Folder,
  files: readonly Replacement[],
  emit: Emit,
): Promise<void> {
  using directory = openDirectory(folder.dir);
  const old = files.map((file) => readOld(directory, file));
  const moves = await prepare(directory, files, { ...folder, emit });
  const failed = await complete(directory, moves);
  if (failed === undefined) return;
  const { at, error, begun } = failed;
  // What is written in part already can only be completed, by the next run.
  if (begun) throw error;
  await complete(directory, await prepare(directory, old.slice(0, at), folder));
  removeFresh(directory, moves);
  throw error;
}

/** What has to be written for a file to be as it was. */
function readOld(directory: Directory, file: Replacement): Wish {
  try {
    return { ...file, data: readPlace(directory, file.name) };
  } catch (error) {
    throw unreplaceable(directory, file.name, error);
  }
}

/** What a file of a set holds, also where it is a link; undefined: there is none. */
export function readPlace(directory: Directory, name: string): Buffer | undefined {
  using place = directory.follow(name);
  return place.directory.read(place.name);
}

interface Means {
  keyMode?: number | undefined;
  owner?: Owner | undefined;
  emit?: Emit;
}

/** A file that is to be written, or without data to go. */
type Wish = Omit<Replacement, "data"> & {
  data: Replacement["data"] | undefined;
};

/** Writes the new files and the commit file. Leaves nothing behind when that fails. */
async function prepare(
  directory: Directory,
  wishes: readonly Wish[],
  means: Means,
): Promise<Move[]> {
  const moves: Move[] = [];
  try {
    for (const wish of wishes) {
      const move: Move = { name: wish.name, fresh: undefined };
      moves.push(move);
      if (wish.data !== undefined) await writeFresh(directory, wish, { move, ...means });
    }
    const data = JSON.stringify(moves);
    await replaceFile(directory, COMMIT, { data, mode: 0o600 });
    await directory.sync();
    return moves;
  } catch (error) {
    removeFresh(directory, moves);
    throw error;
  }
}

function removeFresh(directory: Directory, moves: readonly Move[]): void {
  for (const { name, fresh } of moves) {
    if (fresh === undefined) continue;
    using place = directory.follow(name);
    place.directory.remove(fresh);
  }
}

interface Failed {
  at: number;
  error: unknown;
  /** The file holds a part of what it is to hold. */
  begun: boolean;
}

/** Puts the new files in place and ends the commit; resolves to the first that could not be, which leaves it open. */
async function complete(directory: Directory, moves: readonly Move[]): Promise<Failed | undefined> {
  for (const [at, { name, fresh }] of moves.entries()) {
    using place = directory.follow(name);
    if (fresh === undefined) {
      place.directory.remove(place.name);
      continue;
    }
    try {
      place.directory.rename(fresh, place.name);
      if (place.directory !== directory) await place.directory.sync();
    } catch (error) {
      const data = place.directory.read(fresh);
      // An earlier, interrupted completion has renamed it.
      if (data === undefined) continue;
      const written = await writeThrough(place, data);
      if (written !== "whole")
        return {
          at,
          error: unreplaceable(directory, name, error),
          begun: written === "part",
        };
      place.directory.remove(fresh);
    }
  }
  await directory.sync();
  directory.remove(COMMIT);
  await directory.sync();
  return undefined;
}

/** Writes into a file that stays the same one, as what is mounted by itself does. */
async function writeThrough(
  { directory, name }: Place,
  data: Buffer,
): Promise<"whole" | "part" | "nothing"> {
  let begun = false;
  try {
    await using file = await directory.open(name, constants.O_WRONLY);
    if (!(await file.stat()).isFile()) return "nothing";
    begun = true;
    await file.write(data, 0, data.length, 0);
    await file.truncate(data.length);
    await file.sync();
    return "whole";
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return begun ? "part" : "nothing";
  }
}

/**
 * Completes or undoes what an interrupted `replaceFiles` of these names left in
 * the folder. Resolves to whether new files came into place by it.
 */
export async function recover(dir: string, names: readonly string[], emit: Emit): Promise<boolean> {
  using directory = openDirectory(dir);
  // Mostly there is nothing, which one look tells.
  const present = directory.entries();
  const moves = present.some(({ name }) => name === COMMIT) ? readCommit(directory) : undefined;
  if (moves !== undefined) {
    const failed = await complete(directory, moves);
    if (failed !== undefined) throw failed.error;
    emit({ type: "completed", files: moves.map(({ name }) => name) });
  }
  const written = [...names, COMMIT].map(visible);
  removeLeftovers(directory, present, written);
  for (const entry of present) {
    if (!entry.isSymbolicLink() || !names.includes(entry.name)) continue;
    using place = directory.follow(entry.name);
    removeLeftovers(place.directory, place.directory.entries(), [place.name]);
  }
  return moves !== undefined;
}

function removeLeftovers(
  directory: Directory,
  entries: readonly Dirent[],
  written: readonly string[],
): void {
  for (const { name } of entries) {
    const of = nameOfFresh(name);
    if (of !== undefined && written.includes(of)) directory.remove(name);
  }
}

/** Writes a new file beside the one that it is to replace, and notes its name. */
async function writeFresh(
  directory: Directory,
  { name, data = "", secret }: Wish,
  { keyMode, owner, emit, move }: Means & { move: Move },
): Promise<void> {
  using place = directory.follow(name);
  const old = place.directory.look(place.name);
  move.fresh = freshName(place.name);
  await using file = await place.directory.create(move.fresh);
  await file.writeFile(data);
  const owned = await giveOwner(file, { old, owner }, place.directory);
  if (owned === "lost") emit?.({ type: "owner-lost", file: name });
  const mode = modeOf({
    secret,
    old: owned === "kept" ? old?.mode : undefined,
    chosen: secret ? keyMode : undefined,
  });
  await file.chmod(mode);
  if (secret && old && owned !== "lost" && mode !== (old.mode & 0o777))
    emit?.({ type: "mode", file: name, mode });
}

/** Replaces one file of the folder by a new one of this mode, which is on disk when this resolves. */
export async function replaceFile(
  directory: Directory,
  name: string,
  { data, mode }: { data: string | Buffer; mode: number },
): Promise<void> {
  const fresh = freshName(name);
  try {
    {
      await using file = await directory.create(fresh);
      await file.writeFile(data);
      await file.chmod(mode);
    }
    directory.rename(fresh, name);
  } catch (error) {
    directory.remove(fresh);
    throw error;
  }
}
