import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import type { Writable } from "node:stream";
import { type TarEntry, writeEntries } from "./tar.ts";

/** The folder of the Dokku plugin, and the image that it will use; undefined: its own default. */
export interface Plugin {
  dir: string;
  image: string | undefined;
}

const IMAGE = "image";

/**
 * Writes the plugin as a tar without a top folder. Links are followed. Rejects like `writeEntries`.
 */
export function writePlugin(plugin: Plugin, output: Writable): Promise<void> {
  return writeEntries(entriesOf(plugin), output);
}

function* entriesOf({ dir, image }: Plugin): Generator<TarEntry> {
  let newest = new Date(0);
  for (const file of filesIn(dir)) {
    const { mode, mtime } = statSync(file);
    if (mtime > newest) newest = mtime;
    yield {
      name: relative(dir, file),
      mode: mode & 0o100 ? 0o755 : 0o644,
      mtime,
      data: readFileSync(file),
    };
  }
  if (image !== undefined) yield { name: IMAGE, mode: 0o644, mtime: newest, data: `${image}\n` };
}

function filesIn(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(dir, entry.name);
      return entry.isDirectory() ? filesIn(path) : [path];
    })
    .sort();
}
