import type { KeyObject } from "node:crypto";
import { deactivate, find } from "../../acme/account.ts";
import { ProblemError } from "../../acme/problem.ts";
import { openTransport, type Transport } from "../../acme/transport.ts";
import { AppError } from "../../errors.ts";
import type { Registration } from "../../registration.ts";
import type { Contents } from "../../store/formats.ts";
import { type Place, retire } from "../../store/set.ts";
import type { CaContext } from "../context.ts";
import type { KeyType } from "../target.ts";
import { accountFolder, type AccountRef, enter } from "./folder.ts";
import { loadAccount, makeAccountKey } from "./open.ts";
import { rollOver } from "./rollover.ts";

/** Works with the files of an account, while it holds the account's lock. */
async function within<T>(
  account: AccountRef,
  context: CaContext,
  work: (place: Place, kept: Contents) => Promise<T>,
): Promise<T> {
  const folder = accountFolder(account);
  using _held = await enter(folder, context);
  const kept = await loadAccount(folder, context);
  return await work(folder.place, kept);
}

/** The account's key. Makes one if there is none. */
export function accountKeyOf(
  account: AccountRef,
  type: KeyType | undefined,
  context: CaContext,
): Promise<KeyObject> {
  return within(
    account,
    context,
    async (place, { accountKey }) => accountKey ?? makeAccountKey(place, type, context),
  );
}

/** The facts about an account. Asks the CA only if the registration is missing. */
export function showAccount(
  account: AccountRef,
  context: CaContext,
): Promise<{ key: KeyObject; registration: Registration }> {
  return within(account, context, async (place, { accountKey, registration }) => {
    const key = accountKey ?? none(place);
    if (registration !== undefined) return { key, registration };
    const transport = openTransport({ ...context, directoryUrl: account.from, accountKey: key });
    return { key, registration: await find(transport, { key, emit: context.emit }) };
  });
}

/** Gives an account a new key (RFC 8555 section 7.3.5). */
export function rollOverAccount(
  account: AccountRef,
  newKey: (old: KeyObject) => Promise<KeyObject>,
  context: CaContext,
): Promise<{ uri: string; key: KeyObject }> {
  return within(account, context, async (place, { accountKey }) => {
    const oldKey = accountKey ?? none(place);
    const key = await newKey(oldKey);
    const keys = { directoryUrl: account.from, oldKey, newKey: key };
    return { uri: await rollOver(place, keys, context), key };
  });
}

/**
 * Deactivates an account (RFC 8555 section 7.3.6), and renames its key so that the next run makes
 * another account. Resolves to whether the account was active at the CA.
 */
export function deactivateAccount(account: AccountRef, context: CaContext): Promise<boolean> {
  return within(account, context, async (place, { accountKey }) => {
    if (accountKey === undefined && (await retire(place)).before) return false;
    const key = accountKey ?? none(place);
    const transport = openTransport({ ...context, directoryUrl: account.from, accountKey: key });
    const uri = await activeAccount(transport, key);
    if (uri !== undefined) {
      transport.signAs(uri);
      await deactivate(transport, uri);
    }
    await retire(place);
    return uri !== undefined;
  });
}

/**
 * The URL of a key's account; undefined if it is deactivated. Then the CA answers with
 * `unauthorized` (RFC 8555 section 7.3.6).
 */
async function activeAccount(transport: Transport, key: KeyObject): Promise<string | undefined> {
  try {
    return (await find(transport, { key, emit: () => undefined })).uri;
  } catch (error) {
    if (error instanceof ProblemError && error.problem.type === "unauthorized") return undefined;
    throw error;
  }
}

function none({ dir }: Place): never {
  throw new AppError("bad-file", `There is no account_key.json in ${dir}.`, {
    hint: "Name the folder of the account with --certs_dir, or -f account_key.json.",
  });
}
