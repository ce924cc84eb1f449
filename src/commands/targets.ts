import { PassThrough, type Writable } from "node:stream";
import { fulfilAll } from "../core/many/fulfil-all.ts";
import { settleDelivery } from "../core/many/delivery.ts";
import type { Outcome, Subject } from "../core/outcome.ts";
import type { Target } from "../core/target.ts";
import { AppError } from "../errors.ts";
import type { TarSet } from "../handoff/certificates.ts";
import { lockRun } from "../store/lock.ts";
import { runContextOf } from "./network.ts";
import { shareResponders } from "./responders.ts";
import type { Host } from "./run.ts";

/** How to work on many targets. */
export interface Work {
  /** How many at once: in all, and at each CA. */
  concurrency: { all: number; each: number };
  /** Also what failed a short while ago. */
  retry: boolean;
  /** Write what has changed to the standard output as a tar. */
  tarChanged: boolean;
}

/** Where targets come from. */
export interface TargetSource {
  /** The folder that all of them are in or below; it exists. */
  dir: string;
  /** Asked when no other run works there any more. */
  find: () => Promise<readonly TargetOrFailure[]>;
  /** What becomes of sets that are none of these, when these are done. */
  review?: () => Promise<readonly Outcome[]>;
}

/** A target with all that it takes to get it, or why it cannot be got. */
export type TargetOrFailure =
  { target: Target; warnings?: readonly string[] } | { subject: Subject; error: AppError };

/** What is found, or what kept it from being found: the failure of one target stops no other. */
export async function targetOrFailure(
  subject: Subject,
  find: () => Promise<TargetOrFailure>,
): Promise<TargetOrFailure> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof AppError) return { subject, error };
    throw error;
  }
}

/** Makes every target of a source true, and tells how each ended as soon as it has. */
export async function workOff(source: TargetSource, work: Work, host: Host): Promise<Outcome[]> {
  const ended = (outcome: Outcome) => {
    host.emit({ type: "ended", outcome }, outcome.subject.id);
  };
  // One that waits for another finds less to do, and a port that is free.
  using _held = await lockRun(source.dir, host);
  const wanted = await source.find();
  const failed: Outcome[] = wanted.flatMap((each) =>
    "error" in each ? { ...each, kind: "failed" } : [],
  );
  failed.forEach(ended);
  const found = wanted.filter((each) => "target" in each);
  for (const { target, warnings = [] } of found)
    for (const text of warnings) host.emit({ type: "warning", text }, target.id);
  const targets = found.map(({ target }) => target);
  const outcomes = await fulfilAndDeliver(targets, { ...work, ended }, host);
  // What stopped everything has been told, and would stop this, too.
  const stopped = host.signal.aborted || outcomes.some(stopsEverything);
  const others = stopped ? [] : ((await source.review?.()) ?? []);
  others.forEach(ended);
  return [...failed, ...outcomes, ...others];
}

function stopsEverything(outcome: Outcome): boolean {
  return outcome.kind === "failed" && outcome.error.scope === "run";
}

async function fulfilAndDeliver(
  targets: readonly Target[],
  { concurrency, retry, tarChanged, ended }: Work & { ended: (outcome: Outcome) => void },
  host: Host,
): Promise<Outcome[]> {
  const context = await runContextOf(host.network, host, concurrency.each);
  await using responders = shareResponders(host);
  const changes = tarChanged ? await tarInto(host.stdout) : undefined;
  let outcomes: Outcome[];
  try {
    outcomes = await fulfilAll(
      targets,
      { ...context, openResponder: responders.open, delivers: tarChanged },
      {
        concurrency,
        retry,
        ended: (outcome) => {
          ended(outcome);
          if (isChange(outcome)) changes?.add({ ...outcome.bundle, folder: outcome.subject.id });
        },
      },
    );
  } finally {
    await changes?.end();
  }
  if (tarChanged)
    for (const { subject, bundle } of outcomes.filter(isChange)) {
      const certificate = bundle.leaf.fingerprint256;
      await settleDelivery({ dir: subject.dir, certificate }, host);
    }
  return outcomes;
}

/** A tar that grows by one certificate at a time. */
async function tarInto(output: Writable) {
  const { writeTar } = await import("../handoff/certificates.ts");
  const queue = new PassThrough({ objectMode: true });
  const written = writeTar(queue as AsyncIterable<TarSet>, output);
  // Told when everything else is done: what is issued has to be kept whoever reads.
  written.catch(() => queue.resume());
  return {
    add: (set: TarSet) => queue.write(set),
    async end() {
      queue.end();
      await written;
    },
  };
}

function isChange(outcome: Outcome): outcome is Extract<Outcome, { kind: "issued" | "kept" }> {
  return outcome.kind === "issued" || (outcome.kind === "kept" && outcome.completed);
}
