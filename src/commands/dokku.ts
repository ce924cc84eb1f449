import { text } from "node:stream/consumers";
import { fulfilAll } from "../core/many/fulfil-all.ts";
import { isUnfinished, type Outcome, type Subject, subjectOf } from "../core/outcome.ts";
import type { Draft, Target } from "../core/target.ts";
import { AppError } from "../errors.ts";
import { makeFolder } from "../store/folder.ts";
import { sayResult } from "../ui/dokku.ts";
import { CONCURRENCY } from "./batch.ts";
import { type Network, type Process, runContextOf } from "./network.ts";
import { shareResponders } from "./responders.ts";
import { readSecrets } from "./secrets.ts";

/** What one app wants, or why it cannot have it. */
export type Wished =
  { target: Draft; warnings: readonly string[] } | { subject: Subject; error: AppError };

/** The apps of a Dokku host, and who understands what is said of them. */
export interface DokkuSource {
  /** The folder below which each app has its own. */
  dir: string;
  /** Also what failed a short while ago. */
  retry: boolean;
  read: (text: string) => readonly Wished[];
}

/**
 * Makes every app's wish true. As soon as one has ended, a line about it goes to the standard output:
 * `issued APP`, `kept APP SECONDS` (until it is due) or `failed APP`. Of one that a signal has stopped there is none.
 * Throws `usage` when the standard input cannot be read.
 */
export async function dokku(
  { dir, retry, read }: DokkuSource,
  network: Network,
  host: Process,
): Promise<Outcome[]> {
  const wishes = read(await text(host.stdin()));
  makeFolder(dir, 0o700);
  const ended = (outcome: Outcome) => {
    host.emit({ type: "ended", outcome }, outcome.subject.id);
    if (!isUnfinished(outcome)) host.stdout.write(`${sayResult(outcome, host.now())}\n`);
  };
  const refused: Outcome[] = [];
  const targets: Target[] = [];
  for (const wish of wishes) {
    const ready = await readyToGet(wish);
    if ("error" in ready) refused.push({ ...ready, kind: "failed" });
    else {
      targets.push(ready.target);
      for (const warning of ready.warnings)
        host.emit({ type: "warning", text: warning }, ready.target.id);
    }
  }
  refused.forEach(ended);
  const context = await runContextOf(network, host, CONCURRENCY.each);
  await using responders = shareResponders(host);
  const outcomes = await fulfilAll(
    targets,
    { ...context, openResponder: responders.open },
    { concurrency: CONCURRENCY, retry, ended },
  );
  return [...refused, ...outcomes];
}

type Ready = { target: Target; warnings: readonly string[] } | Extract<Wished, { error: AppError }>;

/** A wish with its secrets read; an app whose secrets are of no use stops no other. */
async function readyToGet(wish: Wished): Promise<Ready> {
  if ("error" in wish) return wish;
  const { target, warnings } = wish;
  try {
    return { target: await readSecrets(target), warnings };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { subject: subjectOf(target), error };
  }
}
