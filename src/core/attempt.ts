import type { KeyObject } from "node:crypto";
import type { Ca } from "../acme/ca.ts";
import type { Responder } from "../challenge/responder.ts";
import { namesOf } from "../store/bundle.ts";
import { closeKeys, saveSet } from "../store/set.ts";
import { openAccount } from "./account/open.ts";
import type { RunContext } from "./context.ts";
import { scheduleOf, type Why } from "./decide.ts";
import type { Look } from "./look.ts";
import type { Memory } from "./memory.ts";
import { obtain } from "./obtain.ts";
import type { InPlace } from "./outcome.ts";
import { keptNames, obtainMost } from "./partial.ts";
import { chooseProfile } from "./profile.ts";
import { withRenewalInfo } from "./renewal.ts";
import type { Session } from "./session.ts";
import type { Target } from "./target.ts";

export interface Issued extends InPlace {
  why: Why;
}

export interface Issuance {
  why: Why;
  look: Look;
  memory: Memory;
  context: RunContext;
  session: Session;
}

/** One try to get the certificate, from one of the target's CAs. */
export interface Attempt extends Issuance {
  ca: Ca;
  responder: Responder;
  /** The certificate's. */
  key: KeyObject;
}

/** Gets and saves the certificate of a target, from one CA. */
export async function issueAt(
  from: string,
  target: Target,
  { why, look, memory, context, session, ca, responder, key }: Attempt,
): Promise<Issued> {
  const { ask, want, keep } = target;
  const { now, signal, emit, random } = context;
  const authority = await openAccount(target, { from, context, session });
  const profile = await chooseProfile(authority, { ask, want }, emit);
  const { allowPartial = false } = want;
  const errand = {
    ...{ names: want.names, isPartial: allowPartial },
    key,
    profile,
    replaces: replacedBy(want, look, from),
    chain: ask.chain,
    ...{ authority, responder, now, signal, emit },
  };
  const { bundle, lacks } = allowPartial
    ? await obtainMost(errand, keptNames(look, why, now()))
    : { bundle: await obtain(errand), lacks: [] };
  const certificate = bundle.leaf.fingerprint256;
  // From here on errors of the CA must not stop us: the certificate will be in place, and must be
  // reported as new so that a server loads it.
  const unasked = { window: undefined, answered: false, lookAgain: now() };
  const asked =
    want.validAtLeast === undefined
      ? authority.renewalInfo(bundle.leaf.raw).catch(() => unasked)
      : Promise.resolve(unasked);
  await memory.begun(target, certificate);
  await saveSet(keep, bundle, (event) => {
    // `checkFiles` has already reported these.
    if (event.type !== "owner-lost") emit(event);
  });
  closeKeys(keep, emit);
  const info = await asked;
  const fresh = { certificate, from, profile, lacks: lacks.length > 0 ? lacks : undefined };
  const next = withRenewalInfo(fresh, { from, info }, random());
  memory.used(from, ca.known());
  await memory.issued(target, next);
  return {
    ...{ why, notAfter: bundle.leaf.validToDate, lacks },
    next: scheduleOf(want, bundle.leaf, next).at,
    delivery: context.delivers ? bundle : undefined,
  };
}

/**
 * The certificate (DER) that the order replaces: the current one, if both have a name in common
 * (RFC 9773 section 5). If its CA is unknown, it may be from this CA, unless this CA has said that
 * it is not.
 */
function replacedBy(
  want: Target["want"],
  { found, origin }: Look,
  from: string,
): Buffer | undefined {
  if (found.leaf === undefined || (origin?.from ?? from) !== from) return undefined;
  if (origin?.unknownTo === from) return undefined;
  const old: string[] = namesOf(found.leaf);
  return want.names.some((name) => old.includes(name)) ? found.leaf.raw : undefined;
}
