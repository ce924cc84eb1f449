import { accessSync, constants } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AppError, messageOf } from "../errors.ts";
import { sleep } from "../time.ts";

export interface LockEvent {
  type: "waiting";
  dir: string;
}

const FILE = ".acme-sidecar.lock";
/** For runs that work on many sets, one of which may be in the folder itself. */
const RUN_FILE = ".acme-sidecar.run.lock";
/** SQLITE_BUSY of sqlite.org/rescode.html. */
const BUSY = 5;
/** Milliseconds between two tries. */
const STEP = 50;

type Emit = (event: LockEvent) => void;

/**
 * Locks a set's folder for this process alone, waiting for another holder as long as
 * it takes. The lock is the kernel's (fcntl, which Node offers through SQLite
 * only), so it holds between containers and ends with its holder, however that
 * ends. Disposing of the result releases it; the empty file stays.
 */
export function lock(
  dir: string,
  signal: AbortSignal,
  emit: Emit,
): Promise<Disposable> {
  return lockBy(join(dir, FILE), signal, emit);
}

/** The same for a folder with sets below it, which can still be locked one by one. */
export function lockRun(
  dir: string,
  signal: AbortSignal,
  emit: Emit,
): Promise<Disposable> {
  return lockBy(join(dir, RUN_FILE), signal, emit);
}

async function lockBy(
  file: string,
  signal: AbortSignal,
  emit: Emit,
): Promise<Disposable> {
  const database = openDatabase(file);
  try {
    for (let waited = false; !tryLock(database, file); waited = true) {
      if (!waited) emit({ type: "waiting", dir: dirname(file) });
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
    if (error instanceof Error && "errcode" in error && error.errcode === BUSY)
      return false;
    throw unlockable(file, error);
  }
}

function openDatabase(file: string): DatabaseSync {
  try {
    const database = new DatabaseSync(file);
    // SQLite falls back to reading a file that it may not write, and then locks nobody out.
    accessSync(file, constants.W_OK);
    return database;
  } catch (error) {
    throw unlockable(file, error);
  }
}

function unlockable(file: string, cause: unknown): AppError {
  return new AppError(
    "store-unwritable",
    `${file} cannot be locked: ${messageOf(cause)}.`,
    {
      hint: "Run as the user who owns the folder, or remove this file while nothing runs.",
      scope: "run",
      cause,
    },
  );
}
