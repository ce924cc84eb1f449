import { join } from "node:path";
import { isAccountFile } from "../../store/formats.ts";
import { lock } from "../../store/lock.ts";
import { checkOwner } from "../../store/replaceable.ts";
import { checkFolder, makeFolder } from "../../store/folder.ts";
import { type Place, recoverSet } from "../../store/set.ts";
import type { Reach } from "./open.ts";

/** Where the files of an account are. */
export interface Home extends Place {
  /** Other sets may use the same account. */
  shared: boolean;
}

interface Owner {
  /** The URL of the CA's directory. */
  from: string;
  contact: readonly string[];
}

/** The set's own folder, or the account's below the one that sets share. */
export function homeOf(
  { dir, formats, keyMode, owner, accounts, legoAccounts }: Place,
  { from, contact }: Owner,
): Home {
  if (accounts === undefined)
    return {
      dir,
      formats: formats.filter(isAccountFile),
      keyMode,
      owner,
      shared: false,
    };
  return {
    dir: join(accounts, folderName(new URL(from).host), folderName(contact.join(",") || "none")),
    formats: ["account_key.json", "account_reg.json"],
    keyMode,
    owner,
    legoAccounts,
    shared: true,
  };
}

/** Locks the folder of an account, and completes or undoes what a crash interrupted there. */
export async function enter(
  { shared, ...home }: Home,
  { signal, emit }: Pick<Reach, "signal" | "emit">,
): Promise<Disposable> {
  if (shared) makeFolder(home.dir, 0o700);
  checkFolder(home.dir);
  const held = await lock(home.dir, { signal, emit });
  try {
    await recoverSet(home, emit);
    await checkOwner(home);
    return held;
  } catch (error) {
    held[Symbol.dispose]();
    throw error;
  }
}

/** One name of a folder for one host or e-mail address, whatever characters are in it. */
function folderName(text: string): string {
  return text
    .toLowerCase()
    .replace(":", "_")
    .replace(/[^a-z0-9.,@+_-]/g, (odd) => `%${odd.codePointAt(0)?.toString(16) ?? ""}`);
}
