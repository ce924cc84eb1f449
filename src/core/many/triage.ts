import { readdir } from "node:fs/promises";
import { isLeftover } from "../../store/commit.ts";
import { loadSet } from "../../store/set.ts";
import { type Failure, loadState, originOf, type State } from "../../store/state.ts";
import { postponed } from "../backoff.ts";
import { decide } from "../decide.ts";
import { isOwed } from "./delivery.ts";
import { isSettled } from "../fulfil.ts";
import type { Outcome } from "../outcome.ts";
import { isRecorded } from "../record.ts";
import { authorityToAsk } from "../renewal.ts";
import type { Target } from "../target.ts";

/** How things stand with a target, without a look at the CA: how it ends, or by when it is urgent. */
export type Survey = { ended: Outcome } | { urgent: Date };

interface Look {
  now: Date;
  /** Also what failed a short while ago. */
  retry: boolean;
  delivers?: boolean | undefined;
}

/** Nobody serves anything as long as there is no certificate. */
const AT_ONCE = new Date(0);

/**
 * Finds out whether there is anything to do for a target; changes nothing, locks nothing, and leaves
 * whatever is out of order to who holds the lock.
 */
export async function survey(target: Target, { now, retry, delivers }: Look): Promise<Survey> {
  const { id, keep, want } = target;
  const subject = { id, names: want.names, dir: keep.dir };
  const state = loadState(keep.dir);
  const failure = retry || want.force ? undefined : state.failure;
  if (failure !== undefined && isWaiting(failure, target, now))
    return { ended: { subject, kind: "failed", error: postponed(failure) } };
  try {
    const files = await readdir(keep.dir);
    const whole = keep.formats.every((name) => files.includes(name));
    if (!whole || files.some(isLeftover)) return { urgent: AT_ONCE };
    if (isOwed(state, { delivers })) return { urgent: AT_ONCE };
    return look(target, state, now);
  } catch {
    return { urgent: AT_ONCE };
  }
}

function look(target: Target, state: State, now: Date): Survey {
  const { id, keep, want } = target;
  const found = loadSet(keep);
  if (found.leaf === undefined) return { urgent: AT_ONCE };
  const origin = originOf(state, found.leaf.fingerprint256);
  const decision = decide(want, { found, origin, now });
  // Whether the password opens what is there is for the one who may write it.
  const open = authorityToAsk(target, origin, now) !== undefined || keep.pkcs12 !== undefined;
  if (!decision.keep || open || !isSettled(state, target))
    return { urgent: found.leaf.validToDate };
  const { bundle, next } = decision;
  const subject = { id, names: want.names, dir: keep.dir };
  return { ended: { subject, kind: "kept", completed: false, bundle, next } };
}

/** A failure that is still to come was noted by a clock that was wrong, and so was the time of the next try. */
function isWaiting(failure: Failure, target: Target, now: Date): boolean {
  return failure.at <= now && now < failure.next && isRecorded(failure.target, target);
}
