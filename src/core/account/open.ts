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

/** What is kept of an account, after what an interrupted run left has been put in order. */
export async function loadAccount(folder: AccountFolder, context: CaContext): Promise<Account> {
  const { place, shared } = folder;
  await settle(place, context);
  const kept = loadSet(place);
  return kept.accountKey === undefined && shared ? adoptLego(place, context) : kept;
}

/** What lego has kept in the folder, which it calls the same, becomes ours. */
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
 * The account of a target at one CA; its key is made where there is none. Where sets share
 * accounts, a new one is registered before another run can look for it.
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
  // The lock is held here.
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

/** The key is on disk before the CA knows it, so that the account can be found again by it. */
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
  // With several CAs it is not said whose it is: only those get it that require one.
  return macKey && { kid, macKey, always: from.length === 1 };
}
