import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { type Directory, openDirectory } from "../directory/directory.ts";
import { AppError, messageOf, systemCode } from "../errors.ts";
import { entryOf } from "../json.ts";

/** Makes a folder, and missing parents, with this mode. An existing folder does not change. */
export function makeFolder(dir: string, mode: number): void {
  try {
    openDirectory(dir, mode)[Symbol.dispose]();
  } catch (error) {
    throw unwritable(dir, error);
  }
}

/** Checks that the folder exists and is writable. Run it before you ask the CA for anything. */
export function checkFolder(dir: string): void {
  try {
    using directory = openDirectory(dir);
    accessSync(directory.at(), constants.W_OK | constants.X_OK);
  } catch (error) {
    if (error instanceof AppError) throw error;
    const what =
      systemCode(error) === "ENOTDIR"
        ? `${dir} is not a folder.`
        : `The folder ${dir} cannot be used: ${messageOf(error)}.`;
    throw new AppError("store-unwritable", what, {
      hint: "Name the folder with --certs_dir, or mount one at /certs, and let this user write to it.",
      scope: "run",
      cause: error,
    });
  }
}

/** The error for a folder that we cannot write to. An AppError is returned as it is. */
export function unwritable(dir: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  return new AppError("store-unwritable", `Cannot write to ${dir}: ${messageOf(cause)}.`, {
    hint: "Make room or give this user the right to write there, and run again.",
    scope: "run",
    cause,
  });
}

/** Why a file cannot be replaced and what to do about it, by the system's error code. */
const REASONS: Record<string, { why: string; hint: (file: string) => string } | undefined> = {
  EBUSY: {
    why: "it is mounted by itself",
    hint: () => "Mount its folder instead of the file.",
  },
  EISDIR: {
    why: "it is a folder",
    hint: () => "Remove it. (Docker makes a folder when the file to mount does not exist.)",
  },
  EPERM: {
    why: "it is immutable or append-only, or its folder is",
    hint: (file) => `Run chattr -i -a ${file}, and the same for its folder.`,
  },
  EACCES: {
    why: "it belongs to another user",
    hint: () => "Run as that user or as root, or give the file to this user.",
  },
};

export function unreplaceable(
  directory: Directory,
  name: string,
  /** The system's error, or only its code. */
  cause: unknown,
): AppError {
  if (cause instanceof AppError) return cause;
  const file = join(directory.path, name);
  const code = typeof cause === "string" ? cause : (systemCode(cause) ?? "");
  const known = entryOf(REASONS, code);
  return new AppError(
    "store-unwritable",
    `${file} cannot be replaced: ${known?.why ?? messageOf(cause)}.`,
    {
      hint:
        known?.hint(file) ?? "Make room or give this user the right to write there, and run again.",
      cause,
    },
  );
}
