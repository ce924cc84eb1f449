import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import type { Draft } from "../core/target.ts";
import { reviewUnlisted } from "../core/many/unlisted.ts";
import { AppError, messageOf } from "../errors.ts";
import { makeFolder } from "../store/folder.ts";
import type { Process } from "./network.ts";
import type { Run } from "./run.ts";
import { readSecrets, together } from "./secrets.ts";
import { type Work, processAll } from "./targets.ts";

/** A file of targets, or `-` for standard input. `read` parses its text. */
export interface TargetFile {
  file: string;
  /** The parent folder of the targets' folders. */
  dir: string;
  /** Forget sets that earlier runs recorded for this file and that it no longer contains. */
  prune: boolean;
  read: (text: string) => Promise<Draft[]>;
}

/**
 * Gets or renews every certificate in the file. Throws `usage`, before it changes anything, if
 * there is a mistake in the file.
 */
export const run: Run<{ source: TargetFile; work: Work }> = async ({ source, work }, host) => {
  const { file, dir, prune, read } = source;
  const drafts = await read(await contentsOf(file, host));
  const ids = drafts.map(({ id }) => id);
  const targets = await together(
    drafts.map((draft) => readSecrets({ ...draft, source: { file, gone: false } })),
  );
  makeFolder(dir, 0o755);
  const { signal, emit } = host;
  const outcomes = await processAll(
    {
      dir,
      find: () => Promise.resolve(targets.map((target) => ({ target }))),
      review: () => reviewUnlisted({ dir, file, ids }, { prune, signal, emit }),
    },
    work,
    host,
  );
  return { outcomes };
};

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
