import type { KeyObject } from "node:crypto";
import { Authority } from "../acme/authority.ts";
import type { Bundle } from "../store/bundle.ts";
import type { Contents } from "../store/formats.ts";
import { closeKeys, saveSet } from "../store/set.ts";
import { dueAt, type Why } from "./decide.ts";
import type { Surroundings } from "./fulfil.ts";
import { makeKey, typeOf } from "./keys.ts";
import { obtain } from "./obtain.ts";
import type { Emit } from "./outcome.ts";
import type { Target } from "./target.ts";

interface Issued {
  why: Why;
  bundle: Bundle;
  next: Date;
}

interface Start {
  why: Why;
  found: Contents;
  surroundings: Surroundings;
}

/** Gets the certificate of a target and keeps it, with an account made where there is none. */
export async function issue(
  target: Target,
  { why, found, surroundings }: Start,
): Promise<Issued> {
  const { ask, keep, want } = target;
  const { openResponder, now, signal, emit } = surroundings;
  emit({ type: "decided", why, names: want.names });
  await using responder = await openResponder(ask.method);
  const accountKey = found.accountKey ?? (await makeAccountKey(target, emit));
  const authority = new Authority({
    ...surroundings,
    directoryUrl: ask.from,
    accountKey,
    contact: ask.contact,
    registration: found.registration,
    keep: async (registration) => {
      await saveSet(keep, { accountKey, registration }, emit);
    },
  });
  const key = await certificateKey(ask, found.key);
  emit({ type: "key", reused: key === found.key });
  const bundle = await obtain({
    names: want.names,
    key,
    alternateChain: ask.alternateChain,
    authority,
    responder,
    now,
    signal,
    emit,
  });
  await saveSet(keep, bundle, emit);
  await closeKeys(keep, emit);
  return { why, bundle, next: dueAt(bundle.leaf, want.validAtLeast) };
}

/** The key is on disk before the CA knows it, so that the account can be found again by it. */
async function makeAccountKey(
  { ask, keep }: Target,
  emit: Emit,
): Promise<KeyObject> {
  const accountKey = await makeKey(ask.accountKey ?? "ec256");
  emit({ type: "account-key-made" });
  await saveSet(keep, { accountKey }, emit);
  return accountKey;
}

function certificateKey(
  ask: Target["ask"],
  kept: KeyObject | undefined,
): Promise<KeyObject> {
  if (kept !== undefined && ask.reuseKey) return Promise.resolve(kept);
  return makeKey(ask.key ?? (kept && typeOf(kept)) ?? "ec256");
}
