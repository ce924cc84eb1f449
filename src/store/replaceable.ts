import { constants } from "node:fs";
import { geteuid } from "node:process";
import { type Directory, openDirectory, type Place } from "../directory/directory.ts";
import type { NewFile } from "../directory/new-file.ts";
import { AppError, messageOf, systemCode } from "../errors.ts";
import { unreplaceable, unwritable } from "./folder.ts";
import { chownTo, giveOwner, type Owner, type OwnerEvent } from "./owner.ts";
import { freshName } from "./commit.ts";

/** The name of trial files. `recover` removes those that an interrupted trial leaves. */
export const TRIAL = "acme-sidecar.trial";

interface Owned {
  dir: string;
  /** The owner of each new file; undefined: the old file's, or the user. */
  owner?: Owner | undefined;
}

/**
 * Checks that new files can get this owner. Run it before you ask the CA for anything, while you
 * hold the lock.
 */
export async function checkOwner({ dir, owner }: Owned): Promise<void> {
  if (owner === undefined) return;
  try {
    using directory = openDirectory(dir);
    await tryOut(directory, ({ file }) => chownTo(file, owner, directory));
  } catch (error) {
    throw unwritable(dir, error);
  }
}

/**
 * Checks that these files can be replaced, and emits which of them would lose their owner. Changes
 * no file. Run it before you ask the CA for anything, while you hold the lock. Throws
 * `store-unwritable` with the remedy as its hint.
 */
export async function checkReplaceable(
  { dir, owner }: Owned,
  names: readonly string[],
  emit: (event: OwnerEvent) => void,
): Promise<void> {
  try {
    using directory = openDirectory(dir);
    for (const name of names) {
      using place = directory.follow(name);
      const old = place.directory.look(place.name);
      if (old === undefined && place.directory === directory) continue;
      await tryOut(place.directory, async (trial) => {
        if (old === undefined) return;
        const owned = await giveOwner(trial.file, { old, owner }, directory);
        if (owned === "lost") emit({ type: "owner-lost", file: name });
        await tryPlace(place, trial);
      });
    }
    await tryOut(directory, () => Promise.resolve());
  } catch (error) {
    throw unwritable(dir, error);
  }
}

interface Trial {
  file: NewFile;
  name: string;
}

/** Tries something with an empty file, after checking that it can be renamed. */
async function tryOut(
  directory: Directory,
  attempt: (trial: Trial) => Promise<void>,
): Promise<void> {
  const [first, second] = [freshName(TRIAL), freshName(TRIAL)];
  try {
    await using file = await directory.create(first);
    try {
      directory.rename(first, second);
      directory.rename(second, first);
    } catch (error) {
      throw new AppError(
        "store-unwritable",
        `Files in ${directory.path} cannot be renamed: ${messageOf(error)}.`,
        {
          hint: "Keep the certificates on a local disk, and copy them from there.",
          scope: "run",
          cause: error,
        },
      );
    }
    await attempt({ file, name: first });
  } finally {
    directory.remove(first);
    directory.remove(second);
  }
}

/** Throws if a rename over this file would fail. */
async function tryPlace({ directory, name }: Place, trial: Trial): Promise<void> {
  const old = directory.look(name);
  const sticky = (directory.stats.mode & 0o1000) !== 0;
  const mine = [0, old?.uid, directory.stats.uid].includes(geteuid?.());
  if (old?.isDirectory()) throw unreplaceable(directory, name, "EISDIR");
  if (sticky && !mine) throw unreplaceable(directory, name, "EACCES");
  if (old?.dev !== directory.stats.dev) throw unreplaceable(directory, name, "EBUSY");
  directory.remove(trial.name);
  // A hard link to a mount point fails with EXDEV, even in the same folder (link(2)).
  const linked = codeOf(() => {
    directory.link(name, trial.name);
  });
  if (linked === "EXDEV") throw unreplaceable(directory, name, "EBUSY");
  // An immutable or append-only file cannot be opened for writing, not even by root (chattr(1)).
  const opened = await directory.open(name, constants.O_WRONLY).then(
    async (file) => {
      await file.close();
      return undefined;
    },
    (error: unknown) => systemCode(error),
  );
  if (opened === "EPERM") throw unreplaceable(directory, name, "EPERM");
}

function codeOf(attempt: () => void): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    return systemCode(error);
  }
}
