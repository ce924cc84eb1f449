import pLimit, { type LimitFunction } from "p-limit";
import { asAppError } from "../../errors.ts";
import { makeFolder } from "../../store/folder.ts";
import type { RunContext } from "../context.ts";
import { fulfil } from "../fulfil.ts";
import { type Outcome, subjectOf } from "../outcome.ts";
import { triage } from "./triage.ts";
import type { Target } from "../target.ts";

export interface Batch {
  /** The limits of targets at once: in total, and at each CA. */
  concurrency: { all: number; each: number };
  /** Do not wait after failures of earlier runs. */
  retry: boolean;
  /** Called for each target as soon as it is done. */
  ended: (outcome: Outcome) => void;
}

/** How many sets to look at together. More would wait for the disk, fewer for each other. */
const LOOKS = 16;

/**
 * Gets or renews the certificates of many targets, the most urgent first. A failed target does not
 * stop the others. Resolves to the outcomes, in the order of the targets.
 */
export async function fulfilAll(
  targets: readonly Target[],
  context: RunContext,
  { concurrency, retry, ended }: Batch,
): Promise<Outcome[]> {
  const outcomes = new Map<Target, Outcome>();
  const end = (target: Target, outcome: Outcome) => {
    outcomes.set(target, outcome);
    ended(outcome);
  };
  const looks = pLimit(LOOKS);
  const due: { target: Target; urgent: Date }[] = [];
  await looks.map(targets, async (target) => {
    const { delivers } = context;
    const now = context.now();
    const seen = await triage(target, { now, retry, delivers });
    if ("ended" in seen) end(target, seen.ended);
    else due.push({ target, urgent: seen.urgent });
  });
  const names = due.reduce((sum, { target }) => sum + target.want.names.length, 0);
  context.emit({ type: "triaged", targets: targets.length, due: due.length, names });
  due.sort((a, b) => a.urgent.getTime() - b.urgent.getTime());

  const all = pLimit(concurrency.all);
  const perAuthority = new Map<string, LimitFunction>();
  await Promise.all(
    due.map(({ target }) => {
      const [authority] = target.ask.from;
      const each = perAuthority.get(authority) ?? pLimit(concurrency.each);
      perAuthority.set(authority, each);
      // The order of these limits matters: targets that wait for one CA must not take places from
      // those of another.
      return each(() =>
        all(async () => {
          end(target, await fulfilOne(target, context));
        }),
      );
    }),
  );
  return targets.flatMap((target) => outcomes.get(target) ?? []);
}

async function fulfilOne(target: Target, context: RunContext): Promise<Outcome> {
  const { id, keep } = target;
  const { signal, emit } = context;
  try {
    signal.throwIfAborted();
    makeFolder(keep.dir, 0o755);
  } catch (error) {
    return { subject: subjectOf(target), kind: "failed", error: asAppError(error, signal) };
  }
  return fulfil(target, {
    ...context,
    emit: (event) => {
      emit(event, id);
    },
  });
}
