import { join } from "node:path";
import { checkFolder, makeFolder } from "../../store/folder.ts";
import { isAccountFile } from "../../store/formats.ts";
import { lock } from "../../store/lock.ts";
import { checkOwner } from "../../store/replaceable.ts";
import { type Place, recoverSet } from "../../store/set.ts";
import type { Context } from "../context.ts";
import type { AccountWish } from "../target.ts";

/** An account at one CA, by whose it is and where it is kept. */
export interface AccountRef {
  /** The URL of the CA's directory. */
  from: string;
  account: Pick<AccountWish, "dir" | "lego" | "contact">;
  /** Of the set. */
  keep: Place;
}

/** Where the files of an account are. */
export interface AccountFolder {
  place: Place;
  /** Other sets may use the same account. */
  shared: boolean;
  /** The account is written as lego has it too. */
  lego: boolean;
}

/** The set's own folder, or the account's below the one that sets share. */
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

/** Locks the folder of an account, and completes or undoes what a crash interrupted there. */
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

/** The same by whoever holds the lock of the set's folder already, if that is the account's. */
export async function enterIfShared(
  folder: AccountFolder,
  context: Pick<Context, "signal" | "emit">,
): Promise<Disposable | undefined> {
  return folder.shared ? enter(folder, context) : undefined;
}

/** One name of a folder for one host or e-mail address, whatever characters are in it. */
function folderName(text: string): string {
  return text
    .toLowerCase()
    .replace(":", "_")
    .replace(/[^a-z0-9.,@+_-]/g, (odd) => `%${odd.codePointAt(0)?.toString(16) ?? ""}`);
}
