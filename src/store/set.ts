import { access, constants, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError, messageOf, systemCode } from "../errors.ts";
import {
  type Component,
  type Contents,
  type Format,
  type FormatName,
  FORMAT_NAMES,
  FORMATS,
} from "./formats.ts";
import { recover, replaceFiles, type ReplaceEvent } from "./replace.ts";

export type StoreEvent = ReplaceEvent | { type: "saved"; file: string };

/** Where a set of files lives and which of simp_le's files it consists of. */
export interface Place {
  dir: string;
  formats: readonly FormatName[];
}

/** Makes sure that the folder is there and can be written to, before the CA is asked for anything. */
export async function checkFolder(dir: string): Promise<void> {
  const hint =
    "Name the folder with --certs-dir, or mount one at /certs, and let this user write to it.";
  try {
    if (!(await stat(dir)).isDirectory())
      throw new AppError("store-unwritable", `${dir} is not a folder.`, {
        hint,
        scope: "run",
      });
    await access(dir, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError(
      "store-unwritable",
      `The folder ${dir} cannot be used: ${messageOf(error)}.`,
      {
        hint,
        scope: "run",
        cause: error,
      },
    );
  }
}

/**
 * Completes or undoes what a crash interrupted; resolves to whether new files
 * came into place by it. To be done before the set is read.
 */
export function recoverSet(
  { dir }: Place,
  emit: (event: StoreEvent) => void,
): Promise<boolean> {
  return recover(dir, FORMAT_NAMES, emit);
}

/**
 * Reads a set. A missing file holds nothing. Throws `bad-file` for a file that cannot be read as what
 * its name says, and `disagreeing-files` for two that contradict each other.
 */
export async function loadSet({ dir, formats }: Place): Promise<Contents> {
  let contents: Contents = {};
  const source: Partial<Record<Component, FormatName>> = {};
  for (const name of formats) {
    const part = await readPart(dir, name);
    for (const component of FORMATS[name].holds) {
      const other = source[component];
      if (part[component] === undefined) continue;
      if (other !== undefined && !agree(component, part, contents))
        throw new AppError(
          "disagreeing-files",
          `${other} and ${name} in ${dir} hold different things.`,
          {
            hint: "Move the wrong one away; it is written again with the next certificate, which --force gets now.",
          },
        );
      source[component] = name;
    }
    contents = { ...part, ...contents };
  }
  return contents;
}

/** Writes the files whose contents are all given, those that change and no others, as one set. */
export async function saveSet(
  { dir, formats }: Place,
  contents: Contents,
  emit: (event: StoreEvent) => void,
): Promise<void> {
  const changed = [];
  for (const name of formats) {
    const format: Format = FORMATS[name];
    const data = format.encode(contents);
    if (data === undefined || (await holds(join(dir, name), data))) continue;
    changed.push({ name, data, secret: format.secret });
  }
  if (changed.length === 0) return;
  try {
    await replaceFiles(dir, changed, emit);
  } catch (error) {
    throw new AppError(
      "store-unwritable",
      `Cannot write to ${dir}: ${messageOf(error)}.`,
      {
        hint: "Make room or give this user the right to write there, and run again.",
        scope: "run",
        cause: error,
      },
    );
  }
  for (const { name } of changed) emit({ type: "saved", file: name });
}

async function readPart(dir: string, name: FormatName): Promise<Contents> {
  const file = join(dir, name);
  let data: Buffer;
  try {
    data = await readFile(file);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return {};
    throw unreadable(file, messageOf(error), error);
  }
  try {
    if (data.length === 0) throw new Error("it is empty");
    return FORMATS[name].decode(data);
  } catch (error) {
    throw unreadable(
      file,
      error instanceof SyntaxError ? "it is not JSON" : messageOf(error),
      error,
    );
  }
}

function unreadable(file: string, why: string, cause: unknown): AppError {
  return new AppError("bad-file", `${file} cannot be used: ${why}.`, {
    hint: "Put a good copy in its place, or move it away to have it made anew.",
    cause,
  });
}

function agree(
  component: Component,
  some: Contents,
  others: Contents,
): boolean {
  return fingerprint(component, some) === fingerprint(component, others);
}

function fingerprint(
  component: Component,
  contents: Contents,
): string | undefined {
  switch (component) {
    case "accountKey":
    case "key":
      return contents[component]
        ?.export({ type: "pkcs8", format: "der" })
        .toString("base64");
    case "registration":
      return contents.registration?.uri;
    case "leaf":
      return contents.leaf?.fingerprint256;
    case "chain":
      return contents.chain
        ?.map((certificate) => certificate.fingerprint256)
        .join();
  }
}

async function holds(file: string, data: string | Buffer): Promise<boolean> {
  try {
    return (await readFile(file)).equals(Buffer.from(data));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
}
