import { type AppError, asAppError } from "../errors.ts";
import type { Contents } from "../store/formats.ts";
import { lock } from "../store/lock.ts";
import { checkOwner } from "../store/replaceable.ts";
import { checkFolder } from "../store/folder.ts";
import { fillSet, loadSet, recoverSet } from "../store/set.ts";
import { loadState, originOf, saveState, type State } from "../store/state.ts";
import { once } from "../once.ts";
import { failureAfter } from "./backoff.ts";
import { type RunContext, sharedContext } from "./context.ts";
import { decide } from "./decide.ts";
import { debtOf, isOwed } from "./many/delivery.ts";
import { isRecorded, record } from "./record.ts";
import { authorityToAsk, withRenewalInfo } from "./renewal.ts";
import type { Outcome } from "./outcome.ts";
import type { Target } from "./target.ts";

/** Makes a target true, one run at a time for each folder. Never rejects: a failure is an outcome. */
export async function fulfil(target: Target, context: RunContext): Promise<Outcome> {
  const { now, signal, emit } = context;
  const { id, keep, want } = target;
  const subject = { id, names: want.names, dir: keep.dir };
  try {
    checkFolder(keep.dir);
    using _held = await lock(keep.dir, { signal, emit });
    try {
      return { subject, ...(await fulfilLocked(target, context)) };
    } catch (error) {
      if (!signal.aborted) await rememberFailure(target, asAppError(error, signal), now());
      throw error;
    }
  } catch (error) {
    return { subject, kind: "failed", error: asAppError(error, signal) };
  }
}

async function fulfilLocked(target: Target, context: RunContext) {
  const { keep, want } = target;
  const { now, emit } = context;
  const recovered = await recoverSet(keep, emit);
  await checkOwner(keep);
  const found = loadSet(keep);
  const known = loadState(keep.dir);
  const state = await look(target, { found, state: known }, context);
  const { origin } = state;
  const decision = decide(want, { found, origin, now: now() });
  if (decision.keep) {
    const { bundle, next } = decision;
    // A file of the set may be missing although others hold the same.
    const filled = await fillSet(keep, found, emit);
    const { fingerprint256 } = bundle.leaf;
    const news = recovered || filled || state.untold === fingerprint256;
    const changed = news ? fingerprint256 : undefined;
    const debt = debtOf(state, changed, context);
    if (!isSettled(state, target) || debt.untold !== undefined)
      await saveState(keep.dir, { origin, target: record(target), ...debt });
    const completed = news || isOwed(debt, context);
    return { kind: "kept", completed, bundle, next } as const;
  }
  // Most runs find nothing to do: only the others load what talks to a CA.
  const { issue } = await import("./issue.ts");
  const issued = await issue(target, {
    why: decision.why,
    found,
    origin,
    context,
    session: await context.sessionFor(target.ask),
  });
  return { kind: "issued", ...issued } as const;
}

/** Whether there is nothing to remember of a run that keeps what is there. */
export function isSettled(state: State, target: Target): boolean {
  return (
    state.failure === undefined && state.untold === undefined && isRecorded(state.target, target)
  );
}

/** What was wanted before stays recorded: it may be what is in use. */
async function rememberFailure(target: Target, error: AppError, at: Date): Promise<void> {
  const { dir } = target.keep;
  const state = loadState(dir);
  const wanted = record(target);
  await saveState(dir, {
    target: wanted,
    ...state,
    failure: failureAfter(state.failure, error, { at, target: wanted }),
  });
}

interface Present {
  found: Contents;
  state: State;
}

/**
 * What is known of the certificate that is there. Its CA, or the one it may be of, is asked for
 * its wishes when it is time for that, and the certificate not due in any case.
 */
async function look(
  target: Target,
  { found, state }: Present,
  context: RunContext,
): Promise<State> {
  const { want, ask, keep } = target;
  const { leaf } = found;
  if (leaf === undefined) return { ...state, origin: undefined };
  const now = context.now();
  const origin = originOf(state, leaf.fingerprint256);
  const from = authorityToAsk(target, origin, now);
  if (from === undefined) return { ...state, origin };
  if (!decide(want, { found, origin, now }).keep) return { ...state, origin };
  const session = await context.sessionFor(ask);
  const question = await once(session.questions, from, async () => {
    const { openRenewalInfo } = await import("../acme/renewal-info.ts");
    return openRenewalInfo({ ...sharedContext(context, session), directoryUrl: from });
  });
  const info = await question(leaf.raw);
  const seen = withRenewalInfo(origin, { from, info }, context.random());
  const url = info.window?.explanation;
  if (url !== undefined) context.emit({ type: "renewal-explained", url });
  const looked = { ...state, origin: seen };
  await saveState(keep.dir, looked);
  return looked;
}
