import {
  chmodSync,
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  type Stats,
  unlinkSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join, resolve } from "node:path";
import { geteuid } from "node:process";
import { AppError, systemCode } from "../errors.ts";
import { type NewFile, rightsByPath } from "./new-file.ts";
import { chmodEntry, HANDLES, handlesWork, linkAt, lookAt, MOST_LINKS, walk } from "./walk.ts";

/**
 * An open folder. Its methods work in this folder even if somebody renames the folder, or replaces
 * it by a link. Names are single words, never paths. Only `follow` follows links. Methods throw the
 * system's errors.
 */
export interface Directory extends Disposable {
  /** The path that the caller gave: for messages only. It is never opened again. */
  path: string;
  stats: Stats;
  /**
   * A path to an entry, or to the folder itself, through the open folder. For functions that need a
   * path.
   */
  at(name?: string): string;
  entries(): Dirent[];
  /** The stats of an entry, or of a link itself; undefined if there is none. */
  look(name: string): Stats | undefined;
  /** The contents of a file; undefined if there is none. */
  read(name: string): Buffer | undefined;
  /**
   * Creates a file that only this user may open. Writes are synced. Fails if an entry of this name
   * exists.
   */
  create(name: string): Promise<NewFile>;
  /**
   * Creates an empty file that only this user may open, unless an entry of this name exists. It is
   * synchronous, so no other code of this process runs while the file is open.
   */
  touch(name: string): void;
  /**
   * Changes the mode of a file without opening it: closing the file would release the locks that
   * this process holds on it (fcntl(2)).
   */
  chmod(name: string, mode: number): void;
  /** Opens an existing file. */
  open(name: string, flags: number): Promise<FileHandle>;
  rename(from: string, to: string): void;
  /** Makes a hard link. */
  link(name: string, second: string): void;
  /** Removes a file or a link. Returns whether there was one. */
  remove(name: string): boolean;
  makeDirectory(name: string, mode: number): void;
  removeDirectory(name: string): void;
  setMode(mode: number): void;
  /** Opens a folder. The path is relative to this one. */
  directory(path: string): Directory;
  /** The place of an entry or, for a link, the place to which it leads. */
  follow(name: string): Place;
  /**
   * Makes changes to entries permanent. Node.js with its permission model has no fsync; then the
   * system decides when.
   */
  sync(): Promise<void>;
}

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_SYNC } = constants;
const { O_NOFOLLOW, O_DIRECTORY, O_NONBLOCK } = constants;
const NEW = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;

/** In bytes; much more than any file that is read here. */
const LARGEST_FILE = 8 * 1024 * 1024;

/**
 * A name in an open folder. Disposing of it closes the folder, unless it is the one that `follow`
 * started from.
 */
export interface Place extends Disposable {
  directory: Directory;
  name: string;
}

/**
 * Opens a folder. With `make`, missing folders are created with this mode. A link in the path is
 * followed if it belongs to this user or to root; for any other it throws `unsafe-folder`.
 */
export function openDirectory(path: string, make?: number): Directory {
  return handlesWork() ? opened(walk(undefined, resolve(path), make), path) : plain(path, make);
}

/** Opens a folder by its handle. */
function opened(way: number, path: string): Directory {
  let fd: number;
  try {
    // A handle with O_PATH cannot be synced.
    fd = openSync(`${HANDLES}/${way}/.`, O_RDONLY | O_DIRECTORY);
  } finally {
    closeSync(way);
  }
  return directoryOf({
    path,
    base: `${HANDLES}/${fd}`,
    byHandle: true,
    stats: fstatSync(fd),
    open: (below) => opened(walk(fd, below, undefined), join(path, below)),
    close: () => {
      closeSync(fd);
    },
  });
}

/**
 * Opens a folder by its path. This is less safe: somebody who may change the folders above can
 * replace it.
 */
function plain(path: string, make: number | undefined): Directory {
  if (make !== undefined) mkdirSync(path, { recursive: true, mode: make });
  const stats = lstatSync(`${path}/.`);
  if (geteuid?.() === 0 && stats.uid !== 0)
    throw new AppError(
      "unsafe-folder",
      `${path} belongs to another user (${stats.uid}), and root cannot work in it safely here: Node.js does not give access to ${HANDLES}.`,
      {
        hint: `Run as that user (docker run --user ${stats.uid}:${stats.gid}), or without the permission model of Node.js.`,
        scope: "run",
      },
    );
  return directoryOf({
    path,
    base: path,
    byHandle: false,
    stats,
    open: (below) => plain(join(path, below), undefined),
    close: () => undefined,
  });
}

interface Opened {
  path: string;
  /** The path that entries are reached by; `byHandle`: it goes through the open folder. */
  base: string;
  byHandle: boolean;
  stats: Stats;
  open: (below: string) => Directory;
  close: () => void;
}

function directoryOf({ path, base, byHandle, stats, open: below, close }: Opened): Directory {
  const at = (name?: string) => `${base}/${name === undefined ? "." : checked(name)}`;
  const self: Directory = {
    path,
    stats,
    at,
    entries: () => readdirSync(at(), { withFileTypes: true }),
    look: (name) => lookAt(at(name)),
    read: (name) => readAt(at(name)),
    async create(name) {
      const file = await open(at(name), NEW | O_SYNC, 0o600);
      return byHandle ? file : rightsByPath(file, at(name));
    },
    touch(name) {
      try {
        closeSync(openSync(at(name), NEW, 0o600));
      } catch (error) {
        if (systemCode(error) !== "EEXIST") throw error;
      }
    },
    chmod(name, mode) {
      chmodEntry(at(name), mode);
    },
    open: (name, flags) => open(at(name), flags | O_NOFOLLOW | O_NONBLOCK),
    rename(from, to) {
      renameSync(at(from), at(to));
    },
    link(name, second) {
      linkSync(at(name), at(second));
    },
    remove(name) {
      try {
        unlinkSync(at(name));
        return true;
      } catch (error) {
        if (systemCode(error) === "ENOENT") return false;
        throw error;
      }
    },
    makeDirectory(name, mode) {
      mkdirSync(at(name), { mode });
    },
    removeDirectory(name) {
      rmdirSync(at(name));
    },
    setMode(mode) {
      chmodSync(at(), mode);
    },
    directory: below,
    follow: (name) => followed(self, name),
    async sync() {
      try {
        await using handle = await open(at(), O_RDONLY | O_DIRECTORY);
        await handle.sync();
      } catch (error) {
        if (systemCode(error) !== "ERR_ACCESS_DENIED") throw error;
      }
    },
    [Symbol.dispose]: close,
  };
  return self;
}

/** Makes sure that a name cannot lead to another folder. */
function checked(name: string): string {
  if (name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name)) return name;
  throw new Error(`"${name}" is not the name of a file`);
}

function followed(from: Directory, called: string): Place {
  let [directory, name] = [from, called];
  const leave = () => {
    if (directory !== from) directory[Symbol.dispose]();
  };
  try {
    for (let links = 0; links <= MOST_LINKS; links += 1) {
      const shown = join(directory.path, name);
      const target = linkAt(directory.at(name), shown);
      if (target === undefined) return { directory, name, [Symbol.dispose]: leave };
      const [, way = ".", last = ""] = /^(.*\/)?([^/]+)\/*$/s.exec(target) ?? [];
      const next = leadTo(directory, way, shown);
      leave();
      [directory, name] = [next, last];
    }
    throw new Error(`${join(from.path, called)} has too many links`);
  } catch (error) {
    leave();
    throw error;
  }
}

function leadTo(from: Directory, way: string, link: string): Directory {
  try {
    return from.directory(way);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    throw new Error(`${link} is a link that leads nowhere`, { cause: error });
  }
}

/** Reads synchronously: for files this small, the thread pool takes longer than the disk. */
function readAt(path: string): Buffer | undefined {
  let fd: number;
  try {
    // O_NONBLOCK, so that a pipe in place of the file cannot block us.
    fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const { size } = fstatSync(fd);
    if (size > LARGEST_FILE) throw new Error(`it has more than ${LARGEST_FILE} bytes`);
    const data = Buffer.alloc(size);
    let read = 0;
    for (let part = -1; part !== 0 && read < size; read += part)
      part = readSync(fd, data, read, size - read, read);
    return data.subarray(0, read);
  } finally {
    closeSync(fd);
  }
}
