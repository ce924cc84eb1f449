import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  type Stats,
} from "node:fs";
import { geteuid } from "node:process";
import { AppError, systemCode } from "../errors.ts";

const { O_RDONLY, O_NOFOLLOW, O_DIRECTORY } = constants;
/** Linux only, and not in Node.js' constants: opens a folder without the right to read it. */
const O_PATH = 0o10000000;

/** The kernel's limit (path_resolution(7)). */
export const MOST_LINKS = 40;

/**
 * Where Linux shows open files. A path through it leads to the open file, even if that was renamed
 * (proc_pid_fd(5)).
 */
export const HANDLES = "/proc/self/fd";

let works: boolean | undefined;

/**
 * Whether paths through `HANDLES` work. They do not on other systems, or with Node.js' permission
 * model, which only knows paths.
 */
export function handlesWork(): boolean {
  if (works === undefined)
    try {
      closeSync(openSync(HANDLES, O_RDONLY | O_DIRECTORY));
      closeSync(openSync("/", O_PATH | O_DIRECTORY));
      works = true;
    } catch {
      works = false;
    }
  return works;
}

/**
 * Goes from folder to folder, each through the handle of the one before. The caller must close the
 * result.
 */
export function walk(from: number | undefined, path: string, make: number | undefined): number {
  const root = () => openSync("/", O_PATH | O_DIRECTORY);
  let here =
    path.startsWith("/") || from === undefined
      ? root()
      : openSync(`${HANDLES}/${from}/.`, O_PATH | O_DIRECTORY);
  const parts = partsOf(path);
  let links = 0;
  try {
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      const entry = `${HANDLES}/${here}/${part}`;
      const target = linkAt(entry, path);
      if (target !== undefined) {
        links += 1;
        if (links > MOST_LINKS) throw new Error(`${path} has too many links`);
        parts.unshift(...partsOf(target));
        if (!target.startsWith("/")) continue;
        closeSync(here);
        here = root();
        continue;
      }
      if (make !== undefined && lookAt(entry) === undefined) makeMissing(entry, make);
      const next = openSync(entry, O_PATH | O_DIRECTORY | O_NOFOLLOW);
      closeSync(here);
      here = next;
    }
    return here;
  } catch (error) {
    closeSync(here);
    throw error;
  }
}

const partsOf = (path: string) => path.split("/").filter((part) => part !== "" && part !== ".");

function makeMissing(entry: string, mode: number): void {
  try {
    mkdirSync(entry, { mode });
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
}

/**
 * The target of a link; undefined for any other entry. Throws `unsafe-folder` for a link of another
 * user.
 */
export function linkAt(entry: string, path: string): string | undefined {
  const before = lookAt(entry);
  if (before?.isSymbolicLink() !== true) return undefined;
  const target = readlinkSync(entry);
  const after = lookAt(entry);
  const same = after?.ino === before.ino && after.ctimeMs === before.ctimeMs;
  if (same && isTrusted(before)) return target;
  throw new AppError(
    "unsafe-folder",
    `${path} has a symbolic link in its path that belongs to another user (${before.uid}).`,
    {
      hint: "The program follows only links of root and of the user who runs it. Name the folder that the link points to, or make the link as root.",
      scope: "run",
    },
  );
}

/** Whether only root or this user can have made the entry. */
export function isTrusted({ uid }: Pick<Stats, "uid">): boolean {
  return uid === 0 || uid === geteuid?.();
}

/** Whether this user may change its mode. */
export function isChangeable({ uid }: Pick<Stats, "uid">): boolean {
  const user = geteuid?.();
  return user === 0 || user === uid;
}

export function lookAt(entry: string): Stats | undefined {
  try {
    return lstatSync(entry);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Changes the mode of a file. It never follows a link, even if somebody replaces the file by one.
 */
export function chmodEntry(entry: string, mode: number): void {
  if (!handlesWork()) {
    chmodSync(entry, mode);
    return;
  }
  const fd = openSync(entry, O_PATH | O_NOFOLLOW);
  try {
    if (fstatSync(fd).isFile()) chmodSync(`${HANDLES}/${fd}`, mode);
  } finally {
    closeSync(fd);
  }
}
