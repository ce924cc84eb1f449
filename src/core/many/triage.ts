import { readdir } from "node:fs/promises";
import { isLeftover } from "../../store/commit.ts";
import { type Failure, loadState, type State } from "../../store/state.ts";
import { postponed } from "../backoff.ts";
import type { RunContext } from "../context.ts";
import { decide } from "../decide.ts";
import { lookAt } from "../look.ts";
import { isOwed, isSettled } from "../memory.ts";
import { type Outcome, subjectOf } from "../outcome.ts";
import { isRecorded } from "../record.ts";
import { authorityToAsk } from "../renewal.ts";
import type { Target } from "../target.ts";

/** How a target ended, or the time by which it needs work. */
export type Triage = { ended: Outcome } | { urgent: Date };

interface Circumstances extends Pick<RunContext, "delivers"> {
  now: Date;
  /** Also retry targets that failed a short time ago. */
  retry: boolean;
}

/** There is no certificate to serve, so nothing is more urgent. */
const AT_ONCE = new Date(0);

/**
 * Finds out, without asking the CA, whether there is anything to do for a target. Changes and locks
 * nothing. If anything is wrong, leaves it to `fulfil`, which holds the lock.
 */
export async function triage(
  target: Target,
  { now, retry, delivers }: Circumstances,
): Promise<Triage> {
  const { keep, want } = target;
  const state = loadState(keep.dir);
  const failure = retry || want.force ? undefined : state.failure;
  if (failure !== undefined && isWaiting(failure, target, now))
    return {
      ended: {
        ...{ subject: subjectOf(target), kind: "failed" },
        ...{ error: postponed(failure), next: failure.next },
      },
    };
  try {
    const files = await readdir(keep.dir);
    const whole = keep.formats.every((name) => files.includes(name));
    if (!whole || files.some(isLeftover)) return { urgent: AT_ONCE };
    if (isOwed(state, { delivers })) return { urgent: AT_ONCE };
    return triageWhole(target, state, now);
  } catch {
    return { urgent: AT_ONCE };
  }
}

function triageWhole(target: Target, state: State, now: Date): Triage {
  const { keep, want } = target;
  const look = lookAt(keep, state);
  const { leaf } = look.found;
  if (leaf === undefined || look.origin === undefined) return { urgent: AT_ONCE };
  const decision = decide(want, look, now);
  // `fulfil` checks the PKCS #12 file, and may write it.
  const open = authorityToAsk(target, look.origin, now) !== undefined || keep.pkcs12 !== undefined;
  if (!decision.keep || open || !isSettled(state, target)) return { urgent: leaf.validToDate };
  const { bundle, next } = decision;
  const subject = subjectOf(target);
  const notAfter = bundle.leaf.validToDate;
  return {
    ended: {
      ...{ subject, kind: "kept", completed: false, notAfter, next },
      ...{ lacks: look.origin.lacks ?? [], delivery: undefined },
    },
  };
}

/** A failure in the future was recorded with a wrong clock, so its next try is wrong too. */
function isWaiting(failure: Failure, target: Target, now: Date): boolean {
  return failure.at <= now && now < failure.next && isRecorded(failure.target, target);
}
