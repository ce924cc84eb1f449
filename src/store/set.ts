import { join } from "node:path";
import { type Directory, openDirectory } from "../directory/directory.ts";
import { AppError, messageOf, systemCode } from "../errors.ts";
import { unwritable } from "./folder.ts";
import {
  agree,
  type Component,
  type Contents,
  type Format,
  type FormatName,
  FORMAT_NAMES,
  FORMATS,
} from "./formats.ts";
import { modeOf, type Owner } from "./owner.ts";
import { PENDING_FILE } from "./pending.ts";
import { type Protection, PKCS12_FILE, renewedPkcs12 } from "./pkcs12.ts";
import {
  readPlace,
  recover,
  replaceFiles,
  type Replacement,
  type ReplaceEvent,
} from "./replace.ts";
import { checkReplaceable, TRIAL } from "./replaceable.ts";
import { STATE_FILE } from "./state.ts";

export type StoreEvent =
  | ReplaceEvent
  | { type: "saved"; file: string }
  /** A file with a key has the wrong mode, but belongs to another user. */
  | { type: "mode-stays"; file: string; mode: number };

type Emit = (event: StoreEvent) => void;

/**
 * The files that this program writes in a set's folder. `recover` removes their temporary files.
 */
const WRITTEN = [...FORMAT_NAMES, ...[PKCS12_FILE, STATE_FILE, PENDING_FILE, TRIAL]];

/** The folder of a set, and which of simp_le's files the set has. */
export interface Place {
  dir: string;
  formats: readonly FormatName[];
  /** The mode of each file with a key; undefined: the old file's, or 0600. */
  keyMode?: number | undefined;
  /** The owner of each new file; undefined: the old file's, or the user. */
  owner?: Owner | undefined;
  /** The password of the PKCS #12 file; undefined: no such file is written. */
  pkcs12?: Protection | undefined;
}

/**
 * Completes or undoes what a crash interrupted. Resolves to whether this put new files in place.
 * Run it before you read the set.
 */
export async function recoverSet({ dir }: Place, emit: Emit): Promise<boolean> {
  try {
    return await recover(dir, WRITTEN, emit);
  } catch (error) {
    throw unwritable(dir, error);
  }
}

/**
 * Reads a set. A missing file adds nothing. Throws `bad-file` for a damaged file, and
 * `disagreeing-files` if two files contradict each other, such as a key and a certificate of
 * another key.
 */
export function loadSet({ dir, formats }: Place): Contents {
  using directory = openSet(dir);
  let contents: Contents = {};
  const source: Partial<Record<Component, FormatName>> = {};
  for (const name of formats) {
    const part = readPart(directory, name);
    for (const component of FORMATS[name].holds) {
      const other = source[component];
      if (part[component] === undefined) continue;
      if (other !== undefined && !agree(component, part, contents))
        throw disagreement(`${other} and ${name} in ${dir} contradict each other`);
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

/**
 * The first file of the set that contradicts these contents; undefined if none does. Missing
 * components do not count.
 */
export function occupant({ dir, formats }: Place, contents: Contents): FormatName | undefined {
  using directory = openSet(dir);
  for (const name of formats) {
    const part = readPart(directory, name);
    const other = FORMATS[name].holds.some(
      (each) =>
        part[each] !== undefined && contents[each] !== undefined && !agree(each, part, contents),
    );
    if (other) return name;
  }
  return undefined;
}

function disagreement(what: string): AppError {
  return new AppError("disagreeing-files", `${what}.`, {
    hint: "Move the wrong file away and run again; the program makes what is missing.",
  });
}

/**
 * Writes a set: each file whose contents are complete and differ from those on disk. Resolves to
 * whether it wrote any.
 */
export async function saveSet(place: Place, contents: Contents, emit: Emit): Promise<boolean> {
  const changed = changesOf(place, contents, holds);
  return write(place, contents, { changed, emit });
}

/** The same, but writes only missing files. For a set that was just read, where all files agree. */
export async function fillSet(place: Place, contents: Contents, emit: Emit): Promise<boolean> {
  const isThere = (directory: Directory, name: FormatName) => {
    using file = directory.follow(name);
    return file.directory.look(file.name) !== undefined;
  };
  const changed = changesOf(place, contents, isThere);
  return write(place, contents, { changed, emit });
}

/** The files to write, except those that `isRight` accepts. */
function changesOf(
  { dir, formats }: Place,
  contents: Contents,
  isRight: (directory: Directory, name: FormatName, contents: Contents) => boolean,
): Replacement[] {
  using directory = openSet(dir);
  return formats.flatMap((name) => {
    const { encode, secret }: Format = FORMATS[name];
    const data = encode(contents);
    return data === undefined || isRight(directory, name, contents) ? [] : [{ name, data, secret }];
  });
}

function openSet(dir: string): Directory {
  try {
    return openDirectory(dir);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw unreadable(dir, messageOf(error), error);
  }
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
 * Checks that every file of a set can be replaced, and emits which files would lose their owner.
 * Run it before you ask the CA for a certificate, while you hold the lock.
 */
export async function checkFiles(place: Place, emit: Emit): Promise<void> {
  const names: string[] = [...place.formats];
  if (place.pkcs12 !== undefined) names.push(PKCS12_FILE);
  await checkReplaceable(place, names, emit);
}

/** Gives existing files with keys the mode that `saveSet` would give them. */
export function closeKeys({ dir, formats, keyMode }: Place, emit: Emit): void {
  try {
    using directory = openDirectory(dir);
    for (const file of formats.filter((each) => FORMATS[each].secret)) {
      using place = directory.follow(file);
      const found = place.directory.look(place.name);
      if (found === undefined) continue;
      const right = modeOf({ secret: true, old: found.mode, chosen: keyMode });
      if (right === (found.mode & 0o777)) continue;
      const type = changeMode(place, right) ? "mode" : "mode-stays";
      emit({ type, file, mode: right });
    }
  } catch (error) {
    throw unwritable(dir, error);
  }
}

/** Resolves to false if this user may not change the mode. */
function changeMode({ directory, name }: ReturnType<Directory["follow"]>, mode: number): boolean {
  try {
    directory.chmod(name, mode);
    return true;
  } catch (error) {
    if (systemCode(error) !== "EPERM") throw error;
    return false;
  }
}

const RETIRED = "account_key.json.deactivated";

/**
 * Renames the key of a deactivated account, and removes its registration. Resolves to whether that
 * was done earlier.
 */
export async function retire({ dir }: Place): Promise<{ before: boolean }> {
  try {
    using directory = openDirectory(dir);
    if (directory.look("account_key.json") === undefined)
      return { before: directory.look(RETIRED) !== undefined };
    directory.rename("account_key.json", RETIRED);
    directory.remove("account_reg.json");
    await directory.sync();
    return { before: false };
  } catch (error) {
    throw unwritable(dir, error);
  }
}

function readPart(directory: Directory, name: FormatName): Contents {
  const file = join(directory.path, name);
  let data: Buffer | undefined;
  try {
    data = readPlace(directory, name);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw unreadable(file, messageOf(error), error);
  }
  if (data === undefined) return {};
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
    hint: "Put a good copy in its place, or move it away, and the program makes a new one.",
    cause,
  });
}

/** Whether a file already has these contents, even if its bytes differ. */
function holds(directory: Directory, name: FormatName, contents: Contents): boolean {
  try {
    const part = readPart(directory, name);
    return FORMATS[name].holds.every((each) => agree(each, part, contents));
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}
