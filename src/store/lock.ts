import { accessSync, constants, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { type Directory, openDirectory } from "../directory/directory.ts";
import { isChangeable } from "../directory/walk.ts";
import { AppError, messageOf } from "../errors.ts";
import { HOUR, MINUTE, sleep } from "../time.ts";

export interface LockEvent {
  type: "waiting";
  dir: string;
}

const FILE = ".acme-sidecar.lock";
/**
 * A second lock, for runs that work on many sets: one of these sets may be in the folder itself.
 */
const RUN_FILE = ".acme-sidecar.run.lock";
/**
 * SQLITE_BUSY and SQLITE_IOERR (sqlite.org/rescode.html). The low byte of an extended code has its
 * kind.
 */
const BUSY = 5;
const IOERR = 10;
/** The milliseconds between two tries. */
const STEP = 50;
/**
 * How long to wait for another process, in milliseconds: more than one certificate takes, or many.
 */
const PATIENCE = { set: 15 * MINUTE, run: 2 * HOUR };

type Emit = (event: LockEvent) => void;

interface Wait {
  signal: AbortSignal;
  emit: Emit;
  /** Milliseconds. */
  patience?: number;
}

/**
 * Locks a set's folder for this process, and waits for another process that holds the lock.
 * It is a kernel lock (fcntl), which Node.js offers only through SQLite. So it works between
 * containers, and the kernel releases it even if this process is killed.
 * Disposing of the result releases the lock. The empty file stays. Only its owner may open it, as
 * anyone who opens it could block all others.
 * Throws `locked` if the other process does not finish in time.
 */
export function lock(dir: string, wait: Wait): Promise<Disposable> {
  return lockBy(dir, FILE, { patience: PATIENCE.set, ...wait });
}

/** Locks a folder that contains sets. Each set in it can still be locked. */
export function lockRun(dir: string, wait: Wait): Promise<Disposable> {
  return lockBy(dir, RUN_FILE, { patience: PATIENCE.run, ...wait });
}

async function lockBy(
  dir: string,
  name: string,
  { signal, emit, patience }: Required<Wait>,
): Promise<Disposable> {
  const file = join(dir, name);
  using directory = openLockable(dir, file);
  const database = openDatabase(directory, name, file);
  const deadline = performance.now() + patience;
  try {
    for (let waited = false; !tryLock(database, file); waited = true) {
      if (!waited) emit({ type: "waiting", dir });
      if (performance.now() >= deadline) throw held(directory, name, patience);
      await sleep(STEP, signal);
    }
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    [Symbol.dispose]: () => {
      database.close();
    },
  };
}

function tryLock(database: DatabaseSync, file: string): boolean {
  try {
    // Nothing is ever written, so there is no need for a journal.
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    const code = error instanceof Error && "errcode" in error ? Number(error.errcode) : 0;
    if (code === BUSY) return false;
    throw (code & 0xff) === IOERR
      ? unlockable(file, "its file system has no locks", error)
      : unlockable(file, messageOf(error), error);
  }
}

function openLockable(dir: string, file: string): Directory {
  try {
    return openDirectory(dir);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw unlockable(file, messageOf(error), error);
  }
}

function openDatabase(directory: Directory, name: string, file: string): DatabaseSync {
  try {
    if (directory.look(name) === undefined) directory.touch(name);
    const found = directory.look(name);
    if (found?.isFile() !== true) throw new Error("it is not a regular file");
    // Versions before 1.0 let all users open it.
    if ((found.mode & 0o077) !== 0 && isChangeable(found)) directory.chmod(name, 0o600);
    // If SQLite may not write to a file it opens it read-only, and then its lock keeps nobody out.
    accessSync(directory.at(name), constants.W_OK);
    const url = pathToFileURL(directory.at(name));
    // The file exists. Do not create another if somebody replaces the folder in the meantime.
    url.searchParams.set("mode", "rw");
    return new DatabaseSync(url);
  } catch (error) {
    throw unlockable(file, messageOf(error), error);
  }
}

function unlockable(file: string, why: string, cause: unknown): AppError {
  return new AppError("store-unwritable", `${file} cannot be locked: ${why}.`, {
    hint: "Run as the user who owns the folder, or remove this file while nothing runs. On a network file system, mount it with locks or use a local folder.",
    scope: "run",
    cause,
  });
}

function held(directory: Directory, name: string, patience: number): AppError {
  const file = join(directory.path, name);
  const holder = holderOf(directory.look(name)?.ino);
  return new AppError(
    "locked",
    `${file} has been locked for ${Math.ceil(patience / MINUTE)} minutes by ${holder ?? "another run, or by another program"}.`,
    {
      hint: `If no other run is using it, find the program that has it open (fuser ${file}), end that, and run again.`,
    },
  );
}

/**
 * The process that holds a lock on a file, if Linux shows it (proc_locks(5)). It does not show
 * processes in other containers.
 */
function holderOf(inode: number | undefined): string | undefined {
  try {
    const locks = readFileSync("/proc/locks", "latin1");
    const line = locks.split("\n").find((each) => each.includes(`:${inode} `));
    const pid = line?.trim().split(/\s+/)[4];
    if (pid === undefined || !/^[1-9]\d*$/.test(pid)) return undefined;
    const command = readFileSync(`/proc/${pid}/comm`, "latin1");
    return `process ${pid} (${command.replace(/[^\w.-]/g, "")})`;
  } catch {
    return undefined;
  }
}
