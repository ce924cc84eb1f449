import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { AppError, messageOf } from "../../errors.ts";
import { lock } from "../../store/lock.ts";
import { loadState, type State } from "../../store/state.ts";
import { openMemory } from "../memory.ts";
import type { Emit, Outcome } from "../outcome.ts";
import { sourceOf } from "../revive.ts";

/** The current contents of a file of targets: the ids of the sets below a folder. */
export interface Listed {
  dir: string;
  file: string;
  ids: readonly string[];
}

export interface Review {
  /** Forget sets that are no longer in the file. Otherwise only mark them. */
  prune: boolean;
  signal: AbortSignal;
  emit: Emit;
}

/**
 * Checks the sets that earlier runs recorded for a file and that it no longer contains. Their files
 * stay, and so does what we know of their certificates. Resolves to the failures.
 */
export async function reviewUnlisted(listed: Listed, review: Review): Promise<Outcome[]> {
  const { dir, file } = listed;
  const unlisted: string[] = [];
  const failed: Outcome[] = [];
  const attempt = async <T>(id: string, at: string, work: () => Promise<T>) => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const subject = { id, names: [], dir: at };
      failed.push({ subject, kind: "failed", error });
      return undefined;
    }
  };
  for (const id of (await attempt(file, dir, () => findUnlisted(listed))) ?? []) {
    const place = join(dir, id);
    if (await attempt(id, place, () => leave(place, file, review))) unlisted.push(id);
  }
  const forgotten = review.prune;
  if (unlisted.length > 0) review.emit({ type: "unlisted", file, dir, ids: unlisted, forgotten });
  return failed;
}

/**
 * The unlisted sets in alphabetical order. Case does not matter, as some file systems ignore it in
 * names.
 */
async function findUnlisted({ dir, file, ids }: Listed): Promise<string[]> {
  const listed = new Set(ids.map((id) => id.toLowerCase()));
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: unknown) => {
    throw new AppError(
      "store-unwritable",
      `The folder ${dir} cannot be read: ${messageOf(error)}.`,
      {
        hint: "Let this user read it, and run again.",
        scope: "run",
        cause: error,
      },
    );
  });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .filter((name) => !listed.has(name.toLowerCase()))
    .filter((name) => isOf(loadState(join(dir, name)), file))
    .sort();
}

/** Whether the recorded targets come from this file only. */
function isOf({ target, failure }: State, file: string): boolean {
  const sources = [target, failure?.target].flatMap((recorded) => sourceOf(recorded) ?? []);
  return sources.length > 0 && sources.every((source) => source.file === file);
}

/**
 * Forgets or marks a set. Resolves to false if the set is no longer this file's: another run may
 * have taken it over.
 */
async function leave(dir: string, file: string, { prune, signal, emit }: Review): Promise<boolean> {
  using _held = await lock(dir, { signal, emit });
  const memory = openMemory(dir);
  if (!isOf(memory.state, file)) return false;
  if (prune) await memory.forget();
  else if (sourceOf(memory.state.target)?.gone === false) await memory.unlisted();
  return true;
}
