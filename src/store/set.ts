import { existsSync, readFileSync } from "node:fs";
import { chmod, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError, messageOf, systemCode } from "../errors.ts";
import { unwritable } from "./folder.ts";
import {
  type Component,
  type Contents,
  type Format,
  type FormatName,
  FORMAT_NAMES,
  FORMATS,
  isAccountFile,
} from "./formats.ts";
import { type Owner, tellLostOwners } from "./owner.ts";
import { type Protection, PKCS12_FILE, renewedPkcs12 } from "./pkcs12.ts";
import {
  modeOf,
  recover,
  replaceFiles,
  type Replacement,
  type ReplaceEvent,
  syncFolder,
} from "./replace.ts";
import { STATE_FILE } from "./state.ts";

export type StoreEvent =
  | ReplaceEvent
  | { type: "saved"; file: string }
  /** A key that another user owns is open to more users than it should be, or to fewer. */
  | { type: "mode-stays"; file: string; mode: number };

type Emit = (event: StoreEvent) => void;

/** What is written in a set's folder, each beside its place first, as a dot, its name and ".new". */
const WRITTEN = [...FORMAT_NAMES, PKCS12_FILE, STATE_FILE.slice(1)];

/** Where a set of files lives and which of simp_le's files it consists of. */
export interface Place {
  dir: string;
  formats: readonly FormatName[];
  /** The mode of every file with a key; undefined: the old one's, or 0600. */
  keyMode?: number | undefined;
  /** Of every file that is written; undefined: the old one's, or the user. */
  owner?: Owner | undefined;
  /** For the PKCS #12 file, which is written with one only; to be read before a set is saved. */
  pkcs12?: Protection | undefined;
  /** The folder of accounts that sets share; undefined: each set has its own. */
  accounts?: string | undefined;
  /** Shared accounts are written as lego has them too. */
  legoAccounts?: boolean | undefined;
}

/**
 * Completes or undoes what a crash interrupted; resolves to whether new files
 * came into place by it. To be done before the set is read.
 */
export async function recoverSet({ dir }: Place, emit: Emit): Promise<boolean> {
  try {
    return await recover(dir, WRITTEN, emit);
  } catch (error) {
    throw unwritable(dir, error);
  }
}

/**
 * Reads a set. A missing file holds nothing. Throws `bad-file` for a file that cannot be read as what
 * its name says, and `disagreeing-files` for two that contradict each other, as a key and a certificate
 * do that do not belong together.
 */
export function loadSet({ dir, formats }: Place): Contents {
  let contents: Contents = {};
  const source: Partial<Record<Component, FormatName>> = {};
  for (const name of formats) {
    const part = readPart(dir, name);
    for (const component of FORMATS[name].holds) {
      const other = source[component];
      if (part[component] === undefined) continue;
      if (other !== undefined && !agree(component, part, contents))
        throw disagreement(
          `${other} and ${name} in ${dir} hold different things`,
        );
      source[component] = name;
    }
    contents = { ...part, ...contents };
  }
  const { key, leaf } = contents;
  if (key !== undefined && leaf?.checkPrivateKey(key) === false)
    throw disagreement(
      `The key in ${source.key} and the certificate in ${source.leaf} in ${dir} do not belong together`,
    );
  return contents;
}

/** The file of the set that holds something else than these contents; one that holds nothing of them does not. */
export function occupant(
  { dir, formats }: Place,
  contents: Contents,
): FormatName | undefined {
  for (const name of formats) {
    const part = readPart(dir, name);
    const other = FORMATS[name].holds.some(
      (each) =>
        part[each] !== undefined &&
        contents[each] !== undefined &&
        !agree(each, part, contents),
    );
    if (other) return name;
  }
  return undefined;
}

function disagreement(what: string): AppError {
  return new AppError("disagreeing-files", `${what}.`, {
    hint: "Move the wrong one away and run again; what is missing is made anew.",
  });
}

/**
 * Writes the files whose contents are all given, those that hold something else
 * and no others, as one set. Resolves to whether there were any.
 */
export async function saveSet(
  place: Place,
  contents: Contents,
  emit: Emit,
): Promise<boolean> {
  const changed = [];
  for (const name of place.formats) {
    const { encode, secret }: Format = FORMATS[name];
    const data = encode(contents);
    if (data === undefined || holds(place.dir, name, contents)) continue;
    changed.push({ name, data, secret });
  }
  return write(place, contents, { changed, emit });
}

/** The same for a set that has just been read, and so agrees: writes what is missing. */
export async function fillSet(
  place: Place,
  contents: Contents,
  emit: Emit,
): Promise<boolean> {
  const changed = [];
  for (const name of place.formats) {
    if (existsSync(join(place.dir, name))) continue;
    const { encode, secret }: Format = FORMATS[name];
    const data = encode(contents);
    if (data !== undefined) changed.push({ name, data, secret });
  }
  return write(place, contents, { changed, emit });
}

async function write(
  place: Place,
  contents: Contents,
  { changed, emit }: { changed: readonly Replacement[]; emit: Emit },
): Promise<boolean> {
  const files = [...changed, ...(await renewedPkcs12(place, contents))];
  if (files.length === 0) return false;
  try {
    await replaceFiles(place, files, emit);
  } catch (error) {
    throw unwritable(place.dir, error);
  }
  for (const { name } of files) emit({ type: "saved", file: name });
  return true;
}

/**
 * Tells which files of a certificate cannot be replaced by ones of their owner and group, before the CA is asked
 * for another; to be done with the lock.
 */
export async function tellOwners(place: Place, emit: Emit): Promise<void> {
  const names: string[] = place.formats.filter((name) => !isAccountFile(name));
  if (place.pkcs12 !== undefined) names.push(PKCS12_FILE);
  await tellLostOwners(place, names, emit);
}

/** Gives the files with keys the mode that `saveSet` would give them, without writing them. */
export async function closeKeys(
  { dir, formats, keyMode }: Place,
  emit: Emit,
): Promise<void> {
  for (const file of formats.filter((each) => FORMATS[each].secret))
    try {
      const { mode } = await stat(join(dir, file));
      const right = modeOf({ secret: true, old: mode, chosen: keyMode });
      if (right === (mode & 0o777)) continue;
      emit(await tryMode(dir, file, right));
    } catch (error) {
      throw unwritable(dir, error);
    }
}

async function tryMode(
  dir: string,
  file: string,
  mode: number,
): Promise<StoreEvent> {
  try {
    await chmod(join(dir, file), mode);
    return { type: "mode", file, mode };
  } catch (error) {
    if (systemCode(error) !== "EPERM") throw error;
    return { type: "mode-stays", file, mode };
  }
}

const RETIRED = "account_key.json.deactivated";

/**
 * Puts the key of an account that is no more aside, and removes its registration.
 * Resolves to whether that had been done before.
 */
export async function retire({ dir }: Place): Promise<{ before: boolean }> {
  try {
    await rename(join(dir, "account_key.json"), join(dir, RETIRED));
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw unwritable(dir, error);
    const left = await stat(join(dir, RETIRED)).catch(() => undefined);
    return { before: left !== undefined };
  }
  try {
    await rm(join(dir, "account_reg.json"), { force: true });
    await syncFolder(dir);
  } catch (error) {
    throw unwritable(dir, error);
  }
  return { before: false };
}

/** Reads at once: the thread pool would take longer than the disk, for files this small. */
function readPart(dir: string, name: FormatName): Contents {
  const file = join(dir, name);
  let data: Buffer;
  try {
    data = readFileSync(file);
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
      return contents.registration && JSON.stringify(contents.registration);
    case "leaf":
      return contents.leaf?.fingerprint256;
    case "chain":
      return contents.chain
        ?.map((certificate) => certificate.fingerprint256)
        .join();
  }
}

/** Whether a file has these contents already, in whatever form. */
function holds(dir: string, name: FormatName, contents: Contents): boolean {
  try {
    const part = readPart(dir, name);
    return FORMATS[name].holds.every((each) => agree(each, part, contents));
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}
