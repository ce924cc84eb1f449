import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { openDirectory } from "../directory/directory.ts";
import { AppError, messageOf, systemCode } from "../errors.ts";
import { unwritable } from "./folder.ts";
import { readJwk, writeJwk } from "./jwk.ts";
import { replaceFile } from "./replace.ts";

/** The key that an account is about to get. */
export interface PendingKey {
  /** The directory of the CA that is told of it. */
  directoryUrl: string;
  key: KeyObject;
}

export const PENDING_FILE = ".account_key.json.next";

/** Keeps a key beside the one in use, safely on disk when this resolves: only then may the CA learn of it. */
export async function savePending(dir: string, { directoryUrl, key }: PendingKey): Promise<void> {
  const text = JSON.stringify({ directory: directoryUrl, key: writeJwk(key) });
  try {
    using directory = openDirectory(dir);
    const data = `${text}\n`;
    await replaceFile(directory, PENDING_FILE, { data, mode: 0o600 });
    await directory.sync();
  } catch (error) {
    throw unwritable(dir, error);
  }
}

/** The key that an interrupted rollover left. Throws `bad-file` for a file that is something else. */
export function loadPending(dir: string): PendingKey | undefined {
  try {
    using directory = openDirectory(dir);
    const text = directory.read(PENDING_FILE);
    if (text === undefined) return undefined;
    const value = JSON.parse(String(text)) as {
      directory?: unknown;
      key?: unknown;
    };
    return { directoryUrl: String(value.directory), key: readJwk(value.key) };
  } catch (error) {
    const why =
      systemCode(error) === undefined
        ? "is not what this program wrote"
        : `cannot be read: ${messageOf(error)}`;
    throw new AppError("bad-file", `${join(dir, PENDING_FILE)} ${why}.`, {
      hint: "Let this user read it. If account_key.json still works at the CA, move this file away.",
      cause: error,
    });
  }
}

export async function dropPending(dir: string): Promise<void> {
  try {
    using directory = openDirectory(dir);
    directory.remove(PENDING_FILE);
    await directory.sync();
  } catch (error) {
    throw unwritable(dir, error);
  }
}
