import { accessSync, constants, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { AppError, messageOf } from "../errors.ts";

/** Makes a folder of this mode, where there is none. */
export async function makeFolder(dir: string, mode: number): Promise<void> {
  try {
    await mkdir(dir, { recursive: true, mode });
  } catch (error) {
    throw unwritable(dir, error);
  }
}

/** Makes sure that the folder is there and can be written to, before the CA is asked for anything. */
export function checkFolder(dir: string): void {
  const hint =
    "Name the folder with --certs-dir, or mount one at /certs, and let this user write to it.";
  try {
    if (!statSync(dir).isDirectory())
      throw new AppError("store-unwritable", `${dir} is not a folder.`, {
        hint,
        scope: "run",
      });
    accessSync(dir, constants.W_OK | constants.X_OK);
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

/** The error for a folder that cannot be written to, or the one that is known already. */
export function unwritable(dir: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  return new AppError(
    "store-unwritable",
    `Cannot write to ${dir}: ${messageOf(cause)}.`,
    {
      hint: "Make room or give this user the right to write there, and run again.",
      scope: "run",
      cause,
    },
  );
}
