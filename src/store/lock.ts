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
/** For runs that work on many sets, one of which may be in the folder itself. */
const RUN_FILE = ".acme-sidecar.run.lock";
/** SQLITE_BUSY and SQLITE_IOERR of sqlite.org/rescode.html; the low byte of a code is its kind. */
const BUSY = 5;
const IOERR = 10;
/** Milliseconds between two tries. */
const STEP = 50;
/** How long another holder is waited for, in milliseconds: longer than one certificate takes, and than many take. */
const PATIENCE = { set: 15 * MINUTE, run: 2 * HOUR };

type Emit = (event: LockEvent) => void;

interface Wait {
  signal: AbortSignal;
  emit: Emit;
  /** Milliseconds. */
  patience?: number;
}

/**
 * Locks a set's folder for this process alone, waiting for another holder. The lock is the kernel's (fcntl, which Node offers
 * through SQLite only), so it holds between containers and ends with its holder, however that ends. Disposing of the
 * result releases it; the empty file stays, and is for its owner alone: who may open it could lock everybody out. Throws
 * `locked` when the other one does not end.
 */
export function lock(dir: string, wait: Wait): Promise<Disposable> {
  return lockBy(dir, FILE, { patience: PATIENCE.set, ...wait });
}

/** The same for a folder with sets below it, which can still be locked one by one. */
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
    // Nothing is ever written, so no journal is needed.
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
    // Versions before 1.0 let everybody open it.
    if ((found.mode & 0o077) !== 0 && isChangeable(found)) directory.chmod(name, 0o600);
    // SQLite falls back to reading a file that it may not write, and then locks nobody out.
    accessSync(directory.at(name), constants.W_OK);
    const url = pathToFileURL(directory.at(name));
    // It is there: whatever takes its place meanwhile, nothing is made elsewhere.
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

/** The process that has a lock on a file, where Linux tells (proc_locks(5)): not across containers. */
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
