import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { openDirectory } from "../directory/directory.ts";
import { AppError, messageOf, systemCode } from "../errors.ts";
import { unwritable } from "./folder.ts";
import { readJwk, writeJwk } from "./jwk.ts";
import { replaceFile } from "./replace.ts";

/** The next key of an account, during a rollover. */
export interface PendingKey {
  /** The directory URL of the account's CA. */
  directoryUrl: string;
  key: KeyObject;
}

export const PENDING_FILE = ".account_key.json.next";

/**
 * Saves the next key beside the current one. The CA may learn the key only after this resolves:
 * then the key is safely on disk.
 */
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

/**
 * The key that an interrupted rollover left; undefined if there is none. Throws `bad-file` if the
 * file is malformed.
 */
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
