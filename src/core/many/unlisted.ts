import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { AppError, messageOf } from "../../errors.ts";
import { lock } from "../../store/lock.ts";
import { loadState, type State } from "../../store/state.ts";
import { openMemory } from "../memory.ts";
import type { Emit, Outcome } from "../outcome.ts";
import { sourceOf } from "../revive.ts";

/** What a file of targets has now: the ids of the sets below a folder. */
export interface Listed {
  dir: string;
  file: string;
  ids: readonly string[];
}

export interface Review {
  /** Forget what is in the file no more; otherwise that is only noted. */
  prune: boolean;
  signal: AbortSignal;
  emit: Emit;
}

/**
 * Looks after the sets that earlier batches of a file recorded, and that it has no more. Their files stay, and so
 * does what is known of their certificates. Resolves to what could not be done.
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

/** In alphabetical order. Some systems take names of folders that differ in case for the same. */
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

/** Whether this file, and no other, is where what is recorded comes from. */
function isOf({ target, failure }: State, file: string): boolean {
  const sources = [target, failure?.target].flatMap((recorded) => sourceOf(recorded) ?? []);
  return sources.length > 0 && sources.every((source) => source.file === file);
}

/** Forgets or notes; resolves to whether it is still the file's, since another run may have got it anew for itself. */
async function leave(dir: string, file: string, { prune, signal, emit }: Review): Promise<boolean> {
  using _held = await lock(dir, { signal, emit });
  const memory = openMemory(dir);
  if (!isOf(memory.state, file)) return false;
  if (prune) await memory.forget();
  else if (sourceOf(memory.state.target)?.gone === false) await memory.unlisted();
  return true;
}
