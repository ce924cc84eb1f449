import type { KeyObject } from "node:crypto";
import { find } from "../../acme/account.ts";
import { changeKey, hasAccount, keyChangeOf } from "../../acme/rollover.ts";
import { openTransport } from "../../acme/transport.ts";
import { publicJwk } from "../../jwk.ts";
import type { Registration } from "../../registration.ts";
import { dropPending, loadPending, type PendingKey, savePending } from "../../store/pending.ts";
import { loadSet, type Place, saveSet } from "../../store/set.ts";
import type { CaContext, Context } from "../context.ts";

/**
 * Gives an account a new key. The new key is saved before the CA sees it, and replaces the old one
 * only when the CA has accepted it. After an interruption, `settle` completes this.
 */
export async function rollOver(
  place: Place,
  { directoryUrl, oldKey, newKey }: Keys,
  context: CaContext,
): Promise<string> {
  const options = { ...context, directoryUrl, accountKey: oldKey };
  const transport = openTransport(options);
  await keyChangeOf(transport);
  const { uri } = await find(transport, { key: oldKey, emit: context.emit });
  const pending = { directoryUrl, key: newKey };
  await savePending(place.dir, pending);
  const result = await changeKey(options, { account: uri, newKey });
  if (result.changed) await adopt(place, pending, context);
  else await dropPending(place.dir);
  if (!result.changed) throw result.error;
  return uri;
}

interface Keys {
  directoryUrl: string;
  oldKey: KeyObject;
  newKey: KeyObject;
}

/**
 * Completes an interrupted rollover; run it before you read the account's files. Asks the CA
 * whether it knows the new key. If not, sends the key again, as the first request may still be
 * under way. Drops the new key only if the CA refuses it.
 */
export async function settle(place: Place, context: CaContext): Promise<void> {
  const pending = loadPending(place.dir);
  if (pending === undefined) return;
  const { accountKey, registration } = loadSet(place);
  if (accountKey?.equals(pending.key)) {
    await dropPending(place.dir);
    return;
  }
  const { directoryUrl, key: newKey } = pending;
  const taken =
    (await hasAccount({ ...context, directoryUrl, accountKey: newKey }, newKey)) ||
    (await takeAgain(pending, { accountKey, registration, context }));
  if (taken) await adopt(place, pending, context);
  else await dropPending(place.dir);
  context.emit({ type: "rollover-settled", completed: taken });
}

async function takeAgain(
  { directoryUrl, key: newKey }: PendingKey,
  { accountKey, registration, context }: Before,
): Promise<boolean> {
  if (accountKey === undefined || registration === undefined) return false;
  const { changed } = await changeKey(
    { ...context, directoryUrl, accountKey },
    { account: registration.uri, newKey },
  );
  return changed;
}

/** The account before the rollover. */
interface Before {
  accountKey: KeyObject | undefined;
  registration: Registration | undefined;
  context: CaContext;
}

async function adopt(place: Place, { key }: PendingKey, { emit }: Context): Promise<void> {
  const { registration } = loadSet(place);
  await saveSet(
    place,
    {
      accountKey: key,
      ...(registration && {
        registration: {
          ...registration,
          body: { ...registration.body, key: publicJwk(key) },
        },
      }),
    },
    emit,
  );
  await dropPending(place.dir);
}
