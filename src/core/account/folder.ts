import { join } from "node:path";
import { checkFolder, makeFolder } from "../../store/folder.ts";
import { isAccountFile } from "../../store/formats.ts";
import { lock } from "../../store/lock.ts";
import { checkOwner } from "../../store/replaceable.ts";
import { type Place, recoverSet } from "../../store/set.ts";
import type { Context } from "../context.ts";
import type { AccountWish } from "../target.ts";

/** An account at one CA: who owns it and where its files are. */
export interface AccountRef {
  /** The CA's directory URL. */
  from: string;
  account: Pick<AccountWish, "dir" | "lego" | "contact">;
  /** The place of the set. */
  keep: Place;
}

/** The place of an account's files. */
export interface AccountFolder {
  place: Place;
  /** Whether other sets may use the same account. */
  shared: boolean;
  /** Whether to write the account in lego's format too. */
  lego: boolean;
}

/** The folder of an account: the set's own, or one below the folder of shared accounts. */
export function accountFolder({ from, account, keep }: AccountRef): AccountFolder {
  const { dir, formats, keyMode, owner } = keep;
  if (account.dir === undefined)
    return {
      place: { dir, formats: formats.filter(isAccountFile), keyMode, owner },
      shared: false,
      lego: false,
    };
  const names = [new URL(from).host, account.contact.join(",") || "none"];
  return {
    place: {
      dir: join(account.dir, ...names.map(folderName)),
      formats: ["account_key.json", "account_reg.json"],
      keyMode,
      owner,
    },
    shared: true,
    lego: account.lego ?? false,
  };
}

/** Locks the folder of an account, and completes or undoes what a crash interrupted. */
export async function enter(
  { place, shared }: AccountFolder,
  { signal, emit }: Pick<Context, "signal" | "emit">,
): Promise<Disposable> {
  if (shared) makeFolder(place.dir, 0o700);
  checkFolder(place.dir);
  const held = await lock(place.dir, { signal, emit });
  try {
    await recoverSet(place, emit);
    await checkOwner(place);
    return held;
  } catch (error) {
    held[Symbol.dispose]();
    throw error;
  }
}

/**
 * The same for a caller that already holds the lock of the set's folder: locks only a shared
 * account.
 */
export async function enterIfShared(
  folder: AccountFolder,
  context: Pick<Context, "signal" | "emit">,
): Promise<Disposable | undefined> {
  return folder.shared ? enter(folder, context) : undefined;
}

/** Makes a host or an email address usable as the name of a folder. */
function folderName(text: string): string {
  return text
    .toLowerCase()
    .replace(":", "_")
    .replace(/[^a-z0-9.,@+_-]/g, (odd) => `%${odd.codePointAt(0)?.toString(16) ?? ""}`);
}
