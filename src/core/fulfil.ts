import type { Responder } from "../challenge/responder.ts";
import { AppError, messageOf } from "../errors.ts";
import { lock } from "../store/lock.ts";
import { checkFolder, loadSet, recoverSet } from "../store/set.ts";
import type { Clock } from "../time.ts";
import { decide } from "./decide.ts";
import type { Emit, Outcome } from "./outcome.ts";
import type { Method, Target } from "./target.ts";

/** What a run needs from outside: the network's settings, the clock, and somebody who watches. */
export interface Surroundings {
  roots?: string | undefined;
  userAgent: string;
  proxyEnv: Record<string, string | undefined>;
  openResponder: (method: Method) => Promise<Responder>;
  now: Clock;
  signal: AbortSignal;
  emit: Emit;
}

/** Makes a target true, one run at a time for each folder. Never rejects: a failure is an outcome. */
export async function fulfil(
  target: Target,
  surroundings: Surroundings,
): Promise<Outcome> {
  const { now, signal, emit } = surroundings;
  try {
    await checkFolder(target.keep.dir);
    using _held = await lock(target.keep.dir, signal, emit);
    const completed = await recoverSet(target.keep, emit);
    const found = await loadSet(target.keep);
    const decision = decide(target.want, found, now());
    if (decision.keep)
      return {
        target,
        kind: "kept",
        completed,
        bundle: decision.bundle,
        next: decision.next,
      };
    // Most runs find nothing to do: only the others load what talks to a CA.
    const { issue } = await import("./issue.ts");
    return await issue(target, { why: decision.why, found, surroundings });
  } catch (error) {
    return { target, kind: "failed", error: asAppError(error, signal) };
  }
}

function asAppError(error: unknown, signal: AbortSignal): AppError {
  const reason: unknown = signal.aborted ? signal.reason : error;
  if (reason instanceof AppError) return reason;
  return new AppError(
    "internal",
    `Something unforeseen went wrong: ${messageOf(reason)}.`,
    {
      hint: "Please report this together with what -v prints.",
      scope: "run",
      cause: error,
    },
  );
}
