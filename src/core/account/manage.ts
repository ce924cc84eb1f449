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

/** Does something with the files of an account, one run at a time. */
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

/** The account's key, made where there is none. */
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

/** What is known of an account; the CA is asked only when nothing is kept. */
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

/** Gives an account another key, of the kind asked for or else of the old one's (RFC 8555 section 7.3.5). */
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
 * Ends an account for ever (RFC 8555 section 7.3.6), and puts its files aside so that
 * the next run makes another. Resolves to whether the CA had known it as active.
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

/** The URL of a key's account, unless that is deactivated: its key gets nothing but this refusal (section 7.3.6). */
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
