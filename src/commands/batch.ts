import { readFile } from "node:fs/promises";
import { PassThrough, type Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { fulfilAll } from "../core/many/fulfil-all.ts";
import { settleDelivery } from "../core/many/delivery.ts";
import type { Outcome } from "../core/outcome.ts";
import { findSets, type FoundSet } from "../core/many/find-sets.ts";
import type { Draft, Target } from "../core/target.ts";
import { reviewUnlisted } from "../core/many/unlisted.ts";
import { AppError, messageOf } from "../errors.ts";
import type { TarSet } from "../handoff/tar.ts";
import { checkFolder, makeFolder } from "../store/folder.ts";
import { lockRun } from "../store/lock.ts";
import { isStateTrusted } from "../store/state.ts";
import { type Network, type Process, runContextOf } from "./network.ts";
import { shareResponders } from "./responders.ts";
import { readLeftSecrets, readSecrets, together } from "./secrets.ts";

/** How many certificates are got at once, when nobody says: Let's Encrypt allows a burst of ten requests for nonces. */
export const CONCURRENCY = { all: 16, each: 8 };

/** How many targets are to be worked off. */
export interface Work {
  /** At once, in all and at each CA. */
  concurrency: number | undefined;
  /** Also what failed a short while ago. */
  retry: boolean;
  /** Write what has changed to the standard output as a tar. */
  tarChanged: boolean;
}

/** A file of targets, `-` for the standard input, and who understands it. */
export interface TargetFile {
  file: string;
  /** The folder below which the targets have theirs. */
  dir: string;
  /** Forget what earlier runs have recorded of the file, and it has no more. */
  prune: boolean;
  read: (text: string) => Promise<Draft[]>;
}

/** What is to be renewed. */
export interface Renewal {
  /** The folder of the sets, or one above it. */
  dir: string;
  /** When there will be another run, in milliseconds; undefined: as recorded. */
  nextRun: number | undefined;
}

/** Makes every target of a file true. Throws `usage`, with nothing done, when anything in it is wrong. */
export async function batch(
  { file, dir, prune, read }: TargetFile,
  work: Work,
  { network, host }: Means,
): Promise<Outcome[]> {
  const drafts = await read(await contentsOf(file, host));
  const ids = drafts.map(({ id }) => id);
  const source = { file, gone: false };
  const targets = await together(drafts.map((draft) => readSecrets({ ...draft, source })));
  makeFolder(dir, 0o755);
  // One that waits for another finds less to do, and a port that is free.
  using _held = await lockRun(dir, host);
  const outcomes = await workOff(targets, work, { network, host });
  const { signal, emit } = host;
  // What stopped everything has been told, and would stop this, too.
  if (signal.aborted || outcomes.some(stopsEverything)) return outcomes;
  const left = await reviewUnlisted({ dir, file, ids }, { prune, signal, emit });
  for (const outcome of left) emit({ type: "ended", outcome }, outcome.subject.id);
  return [...outcomes, ...left];
}

function stopsEverything(outcome: Outcome): boolean {
  return outcome.kind === "failed" && outcome.error.scope === "run";
}

/** Renews every target that earlier runs recorded in a folder and below it. Throws `usage` when there is none. */
export async function renew(
  { dir, nextRun }: Renewal,
  work: Work,
  means: Means,
): Promise<Outcome[]> {
  checkFolder(dir);
  using _held = await lockRun(dir, means.host);
  const sets = await findSets(dir);
  const recorded = sets.filter(({ state }) => state.target !== undefined);
  if (recorded.length === 0)
    throw new AppError(
      "usage",
      `Nothing is recorded in ${dir} or below it, so there is nothing to renew.`,
      {
        hint: "Name the folder of the certificates. For a certificate of another program, run issue or batch once: they record it.",
        scope: "run",
      },
    );
  const failed: Outcome[] = [];
  const targets: Target[] = [];
  for (const set of recorded)
    try {
      targets.push(await usable(set, nextRun));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const subject = { id: set.id || dir, names: [], dir: set.dir };
      const outcome: Outcome = { subject, kind: "failed", error };
      failed.push(outcome);
      means.host.emit({ type: "ended", outcome }, subject.id);
    }
  return [...failed, ...(await workOff(targets, work, means))];
}

/** What was recorded of a set, with what is not: a name for the messages, and secrets. */
async function usable({ dir, target }: FoundSet, nextRun: number | undefined): Promise<Target> {
  if (target === undefined)
    throw new AppError("bad-file", `The record in ${dir} cannot be read.`, {
      hint: "Run issue or batch for it once more: they record it again.",
    });
  if (target.ask.method.kind === "dns" && !isStateTrusted(dir))
    throw new AppError(
      "unsafe-folder",
      `The record in ${dir} names a program to run, and another user wrote that record.`,
      {
        hint: "Run renew as that user, or get the certificate with issue or batch, where you name the program.",
      },
    );
  const id = target.id || target.want.names[0];
  const { want } = target;
  return readLeftSecrets({
    ...{ ...target, id },
    want: { ...want, nextRun: nextRun ?? want.nextRun },
  });
}

interface Means {
  network: Network;
  host: Process;
}

async function contentsOf(file: string, { stdin }: Process): Promise<string> {
  try {
    return await (file === "-" ? text(stdin()) : readFile(file, "utf8"));
  } catch (error) {
    throw new AppError("usage", `${file}: ${messageOf(error)}.`, {
      hint: "Name a file of targets, or - for the standard input.",
      scope: "run",
    });
  }
}

async function workOff(
  targets: readonly Target[],
  { concurrency, retry, tarChanged }: Work,
  { network, host }: Means,
): Promise<Outcome[]> {
  const bounds = concurrency === undefined ? CONCURRENCY : { all: concurrency, each: concurrency };
  const context = await runContextOf(network, host, bounds.each);
  await using responders = shareResponders(host);
  const changes = tarChanged ? await tarInto(host.stdout) : undefined;
  let outcomes: Outcome[];
  try {
    outcomes = await fulfilAll(
      targets,
      { ...context, openResponder: responders.open, delivers: tarChanged },
      {
        ...{ concurrency: bounds, retry },
        ended: (outcome) => {
          host.emit({ type: "ended", outcome }, outcome.subject.id);
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
  const { writeTar } = await import("../handoff/tar.ts");
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
