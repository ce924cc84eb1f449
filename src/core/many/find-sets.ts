import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { AppError, messageOf } from "../../errors.ts";
import { type FormatName, FORMATS, FORMAT_NAMES } from "../../store/formats.ts";
import { loadState, STATE_FILE, type State } from "../../store/state.ts";
import { revive } from "../revive.ts";
import type { Draft } from "../target.ts";

/** A folder with a set of files or a recorded state. */
export interface FoundSet {
  /** Its path below the folder that was searched; empty for that folder itself. */
  id: string;
  dir: string;
  state: State;
  /** The recorded target; undefined if there is none or it cannot be read. */
  target: Draft | undefined;
  /** Which of simp_le's files the folder has. */
  files: readonly FormatName[];
}

/** The sets in a folder and below it, sorted by folder. Does not follow links. */
export async function findSets(root: string): Promise<FoundSet[]> {
  const found: FoundSet[] = [];
  await walk(root, root, found);
  return found.sort((a, b) => (a.dir < b.dir ? -1 : 1));
}

async function walk(root: string, dir: string, found: FoundSet[]): Promise<void> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: unknown) => {
    throw new AppError("usage", `The folder ${dir} cannot be read: ${messageOf(error)}.`, {
      hint: "Name the folder with the certificates.",
      scope: "run",
    });
  });
  const names = entries.map(({ name }) => name);
  const files = FORMAT_NAMES.filter((name) => names.includes(name));
  const certified = files.some((name) =>
    (FORMATS[name].holds as readonly string[]).includes("leaf"),
  );
  if (names.includes(STATE_FILE) || certified) {
    const state = loadState(dir);
    const id = relative(root, dir);
    const target = revive(state.target, { id, dir });
    found.push({ id, dir, state, target, files });
  }
  const below = entries.filter((entry) => entry.isDirectory());
  await Promise.all(below.map(({ name }) => walk(root, join(dir, name), found)));
}
