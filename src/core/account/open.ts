import type { KeyObject } from "node:crypto";
import { Authority } from "../../acme/authority.ts";
import type { Ca } from "../../acme/ca.ts";
import { once } from "../../once.ts";
import type { Registration } from "../../registration.ts";
import type { Contents } from "../../store/formats.ts";
import { loadSet, type Place, saveSet } from "../../store/set.ts";
import { type CaContext, caOf, type Context, sharedContext } from "../context.ts";
import { makeKey } from "../keys.ts";
import type { Session } from "../session.ts";
import type { KeyType, Target } from "../target.ts";
import { type AccountFolder, accountFolder, enterIfShared } from "./folder.ts";
import { settle } from "./rollover.ts";

type Account = Pick<Contents, "accountKey" | "registration">;

/** Loads an account. First it completes or undoes an interrupted change of the key. */
export async function loadAccount(folder: AccountFolder, context: CaContext): Promise<Account> {
  const { place, shared } = folder;
  await settle(place, context);
  const kept = loadSet(place);
  return kept.accountKey === undefined && shared ? adoptLego(place, context) : kept;
}

/** Imports the account that lego left in this folder. Its name is the same in lego. */
async function adoptLego(place: Place, { emit }: Context): Promise<Account> {
  const { hasLegoAccount, readLegoAccount } = await import("../../store/foreign/lego.ts");
  if (!hasLegoAccount(place.dir)) return {};
  const { accountKey, registration } = await readLegoAccount(place.dir);
  const account = { accountKey, ...(registration && { registration }) };
  await saveSet(place, account, emit);
  return account;
}

interface Opening {
  from: string;
  context: Context;
  session: Session;
}

/**
 * Opens the account of a target at one CA, and makes its key if there is none. A new shared account
 * is registered while the lock is held, so that another run cannot register it too.
 */
export function openAccount(
  { ask, keep }: Pick<Target, "ask" | "keep">,
  { from, context, session }: Opening,
): Promise<Authority> {
  const folder = accountFolder({ from, account: ask.account, keep });
  return once(session.accounts, `${from} ${folder.place.dir}`, async () => {
    const ca = await caOf(from, { context, session });
    return open(ask, folder, { from, context: sharedContext(context, session), ca });
  });
}

async function open(
  ask: Target["ask"],
  folder: AccountFolder,
  { from, context, ca }: { from: string; context: CaContext; ca: Ca },
): Promise<Authority> {
  const { contact, key } = ask.account;
  using _held = await enterIfShared(folder, context);
  const kept = await loadAccount(folder, context);
  const accountKey = kept.accountKey ?? (await makeAccountKey(folder.place, key, context));
  const save = async (registration: Registration) => {
    await saveAccount(folder, { accountKey, registration, contact }, context);
  };
  const authority = new Authority({
    ...context,
    ca,
    directoryUrl: from,
    accountKey,
    newKey: kept.accountKey === undefined,
    contact,
    binding: credentialsOf(ask),
    registration: kept.registration,
    async keep(registration) {
      using _again = await enterIfShared(folder, context);
      await save(registration);
    },
  });
  // We still hold the lock here.
  if (folder.shared && kept.registration === undefined) await authority.account(save);
  return authority;
}

async function saveAccount(
  { place, lego }: AccountFolder,
  { accountKey, registration, contact }: Owned,
  { emit }: Context,
): Promise<void> {
  await saveSet(place, { accountKey, registration }, emit);
  if (!lego) return;
  const { writeLegoAccount } = await import("../../store/foreign/lego.ts");
  await writeLegoAccount(place.dir, { accountKey, registration }, contact[0] ?? "");
}

interface Owned extends Required<Account> {
  contact: readonly string[];
}

/** Saves the key before the CA sees it, so that a later run can find the account by its key. */
export async function makeAccountKey(
  place: Place,
  type: KeyType | undefined,
  { emit }: Context,
): Promise<KeyObject> {
  const accountKey = await makeKey(type ?? "ec256");
  emit({ type: "account-key-made" });
  await saveSet(place, { accountKey }, emit);
  return accountKey;
}

function credentialsOf({ from, account: { binding } }: Target["ask"]) {
  if (binding === undefined) return undefined;
  const { kid, macKey } = binding;
  // If there are several CAs, we do not know whose credentials these are. So only a CA that
  // requires a binding gets them.
  return macKey && { kid, macKey, always: from.length === 1 };
}
