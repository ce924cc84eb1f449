import { PassThrough, type Writable } from "node:stream";
import { fulfilAll } from "../core/many/fulfil-all.ts";
import { settleDelivery } from "../core/many/delivery.ts";
import type { Outcome, Subject } from "../core/outcome.ts";
import type { Target } from "../core/target.ts";
import { AppError } from "../errors.ts";
import type { TarSet } from "../handoff/certificates.ts";
import type { Bundle } from "../store/bundle.ts";
import { lockRun } from "../store/lock.ts";
import { runContextOf } from "./network.ts";
import { openPreflight, type PreflightWish } from "./preflight.ts";
import { shareResponders } from "./responders.ts";
import type { Host } from "./run.ts";

/** How to work on many targets. */
export interface Work {
  /** The limits of targets at once: in total, and at each CA. */
  concurrency: { all: number; each: number };
  /** Also retry targets that failed a short time ago. */
  retry: boolean;
  /** Write changed certificates to standard output as a tar. */
  tarChanged: boolean;
  /** Check before each order what the CA will see. */
  preflight: PreflightWish | undefined;
}

/** Where targets come from. */
export interface TargetSource {
  /** The folder that contains all of them; it exists. */
  dir: string;
  /** Finds the targets. It is called when no other run works in the folder. */
  find: () => Promise<readonly TargetOrFailure[]>;
  /** Checks the sets that are not among the targets, at the end. */
  review?: () => Promise<readonly Outcome[]>;
}

/** A target with its secrets, or its error. */
export type TargetOrFailure =
  { target: Target; warnings?: readonly string[] } | { subject: Subject; error: AppError };

/** The target, or the error in finding it: an error in one target does not stop the others. */
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

/** Gets or renews every target. Emits `ended` for each one as soon as it is done. */
export async function processAll(source: TargetSource, work: Work, host: Host): Promise<Outcome[]> {
  const ended = (outcome: Outcome) => {
    host.emit({ type: "ended", outcome }, outcome.subject.id);
  };
  // After waiting for another run, there is less to do and the port is free. So look for targets
  // only now.
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
  // An error that stopped the whole run would also stop the review.
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
  {
    concurrency,
    retry,
    tarChanged,
    preflight,
    ended,
  }: Work & { ended: (outcome: Outcome) => void },
  host: Host,
): Promise<Outcome[]> {
  const context = await runContextOf(host.network, host, concurrency.each);
  await using responders = shareResponders(host);
  const changes = tarChanged ? await tarInto(host.stdout) : undefined;
  let outcomes: Outcome[];
  try {
    outcomes = await fulfilAll(
      targets,
      {
        ...context,
        openResponder: responders.open,
        delivers: tarChanged,
        preflight: openPreflight(preflight),
      },
      {
        concurrency,
        retry,
        ended: (outcome) => {
          ended(outcome);
          const delivery = deliveryOf(outcome);
          if (delivery) changes?.add({ ...delivery, folder: outcome.subject.id });
        },
      },
    );
  } finally {
    await changes?.end();
  }
  if (tarChanged)
    for (const outcome of outcomes) {
      const certificate = deliveryOf(outcome)?.leaf.fingerprint256;
      if (certificate) await settleDelivery({ dir: outcome.subject.dir, certificate }, host);
    }
  return outcomes;
}

/** A tar to which certificates are added one by one. */
async function tarInto(output: Writable) {
  const { writeTar } = await import("../handoff/certificates.ts");
  const queue = new PassThrough({ objectMode: true });
  const written = writeTar(queue as AsyncIterable<TarSet>, output);
  // This error is thrown at the end. Until then go on: certificates must be saved even if nobody
  // reads the tar.
  written.catch(() => queue.resume());
  return {
    add: (set: TarSet) => queue.write(set),
    async end() {
      queue.end();
      await written;
    },
  };
}

function deliveryOf(outcome: Outcome): Bundle | undefined {
  return outcome.kind === "issued" || outcome.kind === "kept" ? outcome.delivery : undefined;
}
