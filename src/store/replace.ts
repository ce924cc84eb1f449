import { constants, type Dirent } from "node:fs";
import { type Directory, openDirectory, type Place } from "../directory/directory.ts";
import { systemCode } from "../errors.ts";
import { COMMIT, freshName, type Move, nameOfFresh, readCommit, visible } from "./commit.ts";
import { unreplaceable } from "./folder.ts";
import { giveOwner, modeOf, type Owner, type OwnerEvent } from "./owner.ts";

export interface Replacement {
  name: string;
  data: string | Buffer;
  /** Whether only the owner may read it. */
  secret: boolean;
}

export type ReplaceEvent =
  | { type: "completed"; files: string[] }
  | OwnerEvent
  /** The mode of a file with a key has changed. */
  | { type: "mode"; file: string; mode: number };

/** A folder in which files are replaced. */
export interface Folder {
  dir: string;
  /** The mode of secret files; undefined: the old file's. */
  keyMode?: number | undefined;
  /** The owner of each new file; undefined: the old file's, or the user. */
  owner?: Owner | undefined;
}

type Emit = (event: ReplaceEvent) => void;

/**
 * Replaces files of one folder as a set: after a crash at any time, `recover` leaves either all old
 * files or all new ones.
 *  1. Write each new file beside the old one, and sync it.
 *  2. Rename the commit file, which lists them all, into place. Then there is no way back.
 *  3. Rename each new file into place.
 *  4. Remove the commit file.
 * A symbolic link stays, and the file that it leads to is replaced. If a file cannot be replaced by
 * a rename, its contents are overwritten. If that fails too, the files before it are restored. A
 * rename changes the inode, so other hard links keep the old contents.
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
  // A half-written file cannot be restored. The next run completes it.
  if (begun) throw error;
  await complete(directory, await prepare(directory, old.slice(0, at), folder));
  removeFresh(directory, moves);
  throw error;
}

/** The current contents of a file, to restore it later. */
function readOld(directory: Directory, file: Replacement): Wish {
  try {
    return { ...file, data: readPlace(directory, file.name) };
  } catch (error) {
    throw unreplaceable(directory, file.name, error);
  }
}

/** The contents of a file in a set; follows a link. Undefined if there is no file. */
export function readPlace(directory: Directory, name: string): Buffer | undefined {
  using place = directory.follow(name);
  return place.directory.read(place.name);
}

interface Means {
  keyMode?: number | undefined;
  owner?: Owner | undefined;
  emit?: Emit;
}

/** A file to write, or, without data, to remove. */
type Wish = Omit<Replacement, "data"> & {
  data: Replacement["data"] | undefined;
};

/** Writes the new files and the commit file. If it fails, it leaves nothing behind. */
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
  /** Whether the file was partly overwritten. */
  begun: boolean;
}

/**
 * Puts the new files in place and removes the commit file. Resolves to the first failure, if any;
 * then the commit file stays.
 */
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
      // An earlier `complete` was interrupted after this rename.
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

/** Overwrites the contents of a file that cannot be replaced because it is a mount point itself. */
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
 * Completes or undoes an interrupted `replaceFiles` of these names. Resolves to whether this put
 * new files in place.
 */
export async function recover(dir: string, names: readonly string[], emit: Emit): Promise<boolean> {
  using directory = openDirectory(dir);
  // Usually there is nothing to do; reading the folder once shows that.
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

/** Writes a new file beside the old one, and notes its name in `move` so that it can be removed. */
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

/** Replaces one file in a single step. The new file has this mode and is synced. */
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
