import type { KeyObject } from "node:crypto";
import { deactivate, find } from "../../acme/account.ts";
import { Authority } from "../../acme/authority.ts";
import { ProblemError } from "../../acme/problem.ts";
import { openTransport, type Transport } from "../../acme/transport.ts";
import { AppError } from "../../errors.ts";
import type { Contents, Registration } from "../../store/formats.ts";
import { loadSet, type Place, retire, saveSet } from "../../store/set.ts";
import type { Surroundings } from "../fulfil.ts";
import { enter, type Home, homeOf } from "./folder.ts";
import { makeKey } from "../keys.ts";
import { once, type Way } from "../session.ts";
import { rollOver, settle } from "./rollover.ts";
import type { KeyType, Target } from "../target.ts";

/** What is needed to talk to a CA. */
export type Reach = Omit<Surroundings, "openResponder" | "wayOf"> & Omit<Way, "shared">;

/** An account that a verb is about. */
export interface AccountRef {
  /** The URL of the CA's directory. */
  from: string;
  contact: readonly string[];
  keep: Place;
}

/** What is kept of an account, after what an interrupted run left has been put in order. */
export async function loadAccount(
  home: Home,
  reach: Reach,
): Promise<Pick<Contents, "accountKey" | "registration">> {
  await settle(home, reach);
  const kept = loadSet(home);
  return kept.accountKey === undefined && home.shared ? adopt(home, reach) : kept;
}

/** What lego has kept in the folder, which it calls the same, becomes ours. */
async function adopt(home: Home, { emit }: Reach): Promise<Contents> {
  const { hasLegoAccount, readLegoAccount } = await import("../../store/foreign/lego.ts");
  if (!hasLegoAccount(home.dir)) return {};
  const { accountKey, registration } = await readLegoAccount(home.dir);
  const account = { accountKey, ...(registration && { registration }) };
  await saveSet(home, account, emit);
  return account;
}

interface At {
  directoryUrl: string;
  surroundings: Reach & Pick<Way, "shared">;
}

/**
 * The account of a target at one CA; its key is made where there is none. Where sets share
 * accounts, a new one is registered before another run can look for it.
 */
export function openAccount(target: Target, at: At): Promise<Authority> {
  const { ask, keep } = target;
  const { accounts, emit } = at.surroundings.shared;
  const home = homeOf(keep, { from: at.directoryUrl, contact: ask.contact });
  // What is told of a request does not concern the one target alone that came first.
  const surroundings = { ...at.surroundings, emit };
  return once(accounts, `${at.directoryUrl} ${home.dir}`, () =>
    open(ask, home, { ...at, surroundings }),
  );
}

async function open(
  ask: Target["ask"],
  home: Home,
  { directoryUrl, surroundings }: At,
): Promise<Authority> {
  const { contact } = ask;
  // The lock of a set's own folder is held by who asks for its certificate.
  let held = home.shared ? await enter(home, surroundings) : undefined;
  try {
    const kept = await loadAccount(home, surroundings);
    const accountKey =
      kept.accountKey ?? (await makeAccountKey(home, ask.accountKey, surroundings));
    const authority = new Authority({
      ...{ ...surroundings, directoryUrl, accountKey, contact },
      lanes: surroundings.shared.lanes,
      newKey: kept.accountKey === undefined,
      binding: credentialsOf(ask),
      registration: kept.registration,
      keep: async (registration) => {
        using _again =
          home.shared && held === undefined ? await enter(home, surroundings) : undefined;
        await saveSet(home, { accountKey, registration }, surroundings.emit);
        if (home.legoAccounts) await writeLego(home.dir, { accountKey, registration }, contact);
      },
    });
    if (home.shared && kept.registration === undefined) await authority.account();
    return authority;
  } finally {
    held?.[Symbol.dispose]();
    held = undefined;
  }
}

async function writeLego(
  dir: string,
  account: Required<Pick<Contents, "accountKey" | "registration">>,
  [email = ""]: readonly string[],
): Promise<void> {
  const { writeLegoAccount } = await import("../../store/foreign/lego.ts");
  await writeLegoAccount(dir, account, email);
}

/** The key is on disk before the CA knows it, so that the account can be found again by it. */
async function makeAccountKey(
  home: Place,
  type: KeyType | undefined,
  { emit }: Reach,
): Promise<KeyObject> {
  const accountKey = await makeKey(type ?? "ec256");
  emit({ type: "account-key-made" });
  await saveSet(home, { accountKey }, emit);
  return accountKey;
}

function credentialsOf({ from, binding }: Target["ask"]) {
  if (binding === undefined) return undefined;
  const { kid, macKey } = binding;
  // With several CAs it is not said whose it is: only those get it that require one.
  return macKey && { kid, macKey, always: from.length === 1 };
}

/** Does something with the files of an account, one run at a time. */
async function within<T>(
  { keep, ...owner }: AccountRef,
  reach: Reach,
  work: (home: Place, kept: Contents) => Promise<T>,
): Promise<T> {
  const home = homeOf(keep, owner);
  using _held = await enter(home, reach);
  const kept = await loadAccount(home, reach);
  return await work(home, kept);
}

/** The account's key, made where there is none. */
export function accountKeyOf(
  account: AccountRef,
  type: KeyType | undefined,
  reach: Reach,
): Promise<KeyObject> {
  return within(
    account,
    reach,
    async (home, { accountKey }) => accountKey ?? makeAccountKey(home, type, reach),
  );
}

/** What is known of an account; the CA is asked only when nothing is kept. */
export function showAccount(
  account: AccountRef,
  reach: Reach,
): Promise<{ key: KeyObject; registration: Registration }> {
  return within(account, reach, async (home, { accountKey, registration }) => {
    const key = accountKey ?? none(home);
    const options = { ...reach, directoryUrl: account.from, accountKey: key };
    return {
      key,
      registration: registration ?? (await find(openTransport(options), { key, emit: reach.emit })),
    };
  });
}

/** Gives an account another key, of the kind asked for or else of the old one's (RFC 8555 section 7.3.5). */
export function rollOverAccount(
  account: AccountRef,
  newKey: (old: KeyObject) => Promise<KeyObject>,
  reach: Reach,
): Promise<{ uri: string; key: KeyObject }> {
  return within(account, reach, async (home, { accountKey }) => {
    const oldKey = accountKey ?? none(home);
    const key = await newKey(oldKey);
    const { from: directoryUrl } = account;
    const keys = { directoryUrl, oldKey, newKey: key };
    return { uri: await rollOver(home, keys, reach), key };
  });
}

/**
 * Ends an account for ever (RFC 8555 section 7.3.6), and puts its files aside so that
 * the next run makes another. Resolves to whether the CA had known it as active.
 */
export function deactivateAccount(account: AccountRef, reach: Reach): Promise<boolean> {
  return within(account, reach, async (home, { accountKey }) => {
    if (accountKey === undefined && (await retire(home)).before) return false;
    const key = accountKey ?? none(home);
    const options = { ...reach, directoryUrl: account.from, accountKey: key };
    const transport = openTransport(options);
    const uri = await activeAccount(transport, key);
    if (uri !== undefined) {
      transport.signAs(uri);
      await deactivate(transport, uri);
    }
    await retire(home);
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
