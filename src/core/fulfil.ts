import type { Responder } from "../challenge/responder.ts";
import { asAppError } from "../errors.ts";
import type { Contents } from "../store/formats.ts";
import { lock } from "../store/lock.ts";
import { checkFolder, loadSet, recoverSet, saveSet } from "../store/set.ts";
import { loadOrigin, type Origin, saveOrigin } from "../store/state.ts";
import type { Clock } from "../time.ts";
import { decide } from "./decide.ts";
import { isTimeToLook, withRenewalInfo } from "./renewal.ts";
import type { Emit, Outcome } from "./outcome.ts";
import type { Method, Target } from "./target.ts";

/** What a run needs from outside: the network's settings, the clock, and somebody who watches. */
export interface Surroundings {
  roots?: string | undefined;
  userAgent: string;
  proxyEnv: Record<string, string | undefined>;
  openResponder: (method: Method) => Promise<Responder>;
  now: Clock;
  /** A number in [0, 1), another one each time. */
  random: () => number;
  signal: AbortSignal;
  emit: Emit;
}

/** Makes a target true, one run at a time for each folder. Never rejects: a failure is an outcome. */
export async function fulfil(
  target: Target,
  surroundings: Surroundings,
): Promise<Outcome> {
  const { now, signal, emit } = surroundings;
  const { id, keep, want } = target;
  const subject = { id, names: want.names, dir: keep.dir };
  try {
    await checkFolder(keep.dir);
    using _held = await lock(keep.dir, signal, emit);
    const recovered = await recoverSet(keep, emit);
    const found = await loadSet(keep);
    const origin = await look(target, found, surroundings);
    const decision = decide(want, { found, origin, now: now() });
    if (decision.keep) {
      const { bundle, next } = decision;
      // A file of the set may be missing although others hold the same.
      const filled = await saveSet(keep, found, emit);
      const completed = recovered || filled;
      return { subject, kind: "kept", completed, bundle, next };
    }
    // Most runs find nothing to do: only the others load what talks to a CA.
    const { issue } = await import("./issue.ts");
    const issued = await issue(target, {
      why: decision.why,
      found,
      origin,
      surroundings,
    });
    return { subject, kind: "issued", ...issued };
  } catch (error) {
    return { subject, kind: "failed", error: asAppError(error, signal) };
  }
}

/**
 * What is known of a certificate that is there. Its CA is asked for its wishes when
 * it is time for that, and the certificate not due in any case.
 */
async function look(
  { want, keep }: Target,
  found: Contents,
  surroundings: Surroundings,
): Promise<Origin | undefined> {
  const { leaf } = found;
  if (leaf === undefined) return undefined;
  const now = surroundings.now();
  const origin = await loadOrigin(keep.dir, leaf.fingerprint256);
  const { from } = origin;
  if (from === undefined || !isTimeToLook(want, origin, now)) return origin;
  if (!decide(want, { found, origin, now }).keep) return origin;
  const { lookUpRenewalInfo } = await import("../acme/renewal-info.ts");
  const info = await lookUpRenewalInfo(leaf.raw, {
    ...surroundings,
    directoryUrl: from,
  });
  const seen = withRenewalInfo(origin, info, surroundings.random());
  const url = info.window?.explanation;
  if (url !== undefined) surroundings.emit({ type: "renewal-explained", url });
  await saveOrigin(keep.dir, seen);
  return seen;
}
