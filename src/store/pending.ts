import type { KeyObject } from "node:crypto";
import { readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError, messageOf, systemCode } from "../errors.ts";
import { unwritable } from "./folder.ts";
import { readJwk, writeJwk } from "./jwk.ts";
import { syncFolder, writeSynced } from "./replace.ts";

/** The key that an account is about to get. */
export interface PendingKey {
  /** The directory of the CA that is told of it. */
  directoryUrl: string;
  key: KeyObject;
}

const FILE = ".account_key.json.next";
const FRESH = `${FILE}.new`;

/** Keeps a key beside the one in use, safely on disk when this resolves: only then may the CA learn of it. */
export async function savePending(
  dir: string,
  { directoryUrl, key }: PendingKey,
): Promise<void> {
  const text = JSON.stringify({ directory: directoryUrl, key: writeJwk(key) });
  try {
    await writeSynced(join(dir, FRESH), `${text}\n`, 0o600);
    await rename(join(dir, FRESH), join(dir, FILE));
    await syncFolder(dir);
  } catch (error) {
    throw unwritable(dir, error);
  }
}

/** The key that an interrupted rollover left. Throws `bad-file` for a file that is something else. */
export async function loadPending(
  dir: string,
): Promise<PendingKey | undefined> {
  const file = join(dir, FILE);
  await tidy(dir);
  try {
    const text = await readFile(file, "utf8");
    const value = JSON.parse(text) as {
      directory?: unknown;
      key?: unknown;
    };
    return { directoryUrl: String(value.directory), key: readJwk(value.key) };
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT") return undefined;
    const why =
      code === undefined
        ? "is not what this program wrote"
        : `cannot be read: ${messageOf(error)}`;
    throw new AppError("bad-file", `${file} ${why}.`, {
      hint: "Let this user read it, or move it away if account_key.json has the key that the CA knows.",
      cause: error,
    });
  }
}

/** Removes what was not finished. */
async function tidy(dir: string): Promise<void> {
  try {
    await rm(join(dir, FRESH), { force: true });
  } catch (error) {
    throw unwritable(dir, error);
  }
}

export async function dropPending(dir: string): Promise<void> {
  try {
    await rm(join(dir, FILE), { force: true });
    await syncFolder(dir);
  } catch (error) {
    throw unwritable(dir, error);
  }
}
