import { text } from "node:stream/consumers";
import { fulfilAll } from "../core/batch.ts";
import type { Outcome, Subject } from "../core/outcome.ts";
import type { Target } from "../core/target.ts";
import type { AppError } from "../errors.ts";
import { makeFolder } from "../store/folder.ts";
import { sayResult } from "../ui/dokku.ts";
import { CONCURRENCY } from "./batch.ts";
import { type Network, type Process, surroundingsOf } from "./network.ts";
import { shareResponders } from "./responders.ts";

/** What one app wants, or why it cannot have it. */
export type Wished =
  | { target: Target; warnings: readonly string[] }
  | { subject: Subject; error: AppError };

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
 * `issued APP`, `kept APP SECONDS` (until it is due) or `failed APP`. Throws `usage` when the
 * standard input cannot be read.
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
    host.stdout.write(`${sayResult(outcome, host.now())}\n`);
  };
  const refused: Outcome[] = [];
  const targets: Target[] = [];
  for (const wish of wishes)
    if ("error" in wish) refused.push({ ...wish, kind: "failed" });
    else {
      targets.push(wish.target);
      for (const warning of wish.warnings)
        host.emit({ type: "warning", text: warning }, wish.target.id);
    }
  refused.forEach(ended);
  const surroundings = await surroundingsOf(network, host, CONCURRENCY.each);
  await using responders = shareResponders(host);
  const outcomes = await fulfilAll(
    targets,
    { ...surroundings, openResponder: responders.open },
    { concurrency: CONCURRENCY, retry, ended },
  );
  return [...refused, ...outcomes];
}
