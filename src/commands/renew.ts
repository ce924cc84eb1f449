import { findSets, type FoundSet } from "../core/many/find-sets.ts";
import type { Target } from "../core/target.ts";
import { AppError } from "../errors.ts";
import { checkFolder } from "../store/folder.ts";
import { isStateTrusted } from "../store/state.ts";
import type { Run } from "./run.ts";
import { readLeftSecrets } from "./secrets.ts";
import { targetOrFailure, type TargetOrFailure, type Work, processAll } from "./targets.ts";

export interface Renewal {
  /** The folder of a set, or of several sets. */
  dir: string;
  /** The milliseconds until the next run; undefined: as recorded. */
  nextRun: number | undefined;
  work: Work;
}

/**
 * Renews every target that earlier runs recorded in a folder or below it. Throws `usage` if there
 * is none.
 */
export const run: Run<Renewal> = async ({ dir, nextRun, work }, host) => {
  checkFolder(dir);
  const find = async () => {
    const sets = await recordedIn(dir);
    const wanted: TargetOrFailure[] = [];
    for (const set of sets) {
      const subject = { id: set.id || dir, names: [], dir: set.dir };
      wanted.push(
        await targetOrFailure(subject, async () => ({ target: await usable(set, nextRun) })),
      );
    }
    return wanted;
  };
  return { outcomes: await processAll({ dir, find }, work, host) };
};

async function recordedIn(dir: string): Promise<FoundSet[]> {
  const recorded = (await findSets(dir)).filter(({ state }) => state.target !== undefined);
  if (recorded.length > 0) return recorded;
  throw new AppError(
    "usage",
    `Nothing is recorded in ${dir} or below it, so there is nothing to renew.`,
    {
      hint: "Name the folder of the certificates. For a certificate of another program, run issue or batch once: they record it.",
      scope: "run",
    },
  );
}

/**
 * Completes the recorded target: with an id for messages, and with its secrets, which are not
 * recorded.
 */
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
