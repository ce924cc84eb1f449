import { readdir, readFile } from "node:fs/promises";
import { AppError, messageOf, systemCode } from "../../errors.ts";
import type { Bundle } from "../bundle.ts";
import { type Contents, FORMAT_NAMES, FORMATS } from "../formats.ts";

/** What another tool keeps in its folder. A file is read only when the user has chosen it. */
export interface Foreign {
  accounts: readonly ForeignAccount[];
  certificates: readonly ForeignCertificate[];
}

export interface ForeignAccount {
  /** The tool's name for it: for certbot a hash of the key, for lego usually an email address. */
  id: string;
  /** Its name in messages: the CA, as the folder names show it, and `id`. */
  label: string;
  /** Whether this may be an account at the CA with this directory URL. */
  isAt(server: string): boolean;
  /** Reads the key, and the registration and the CA's directory URL if the tool keeps them. */
  read(): Promise<Contents & { server: string | undefined }>;
}

export interface ForeignCertificate {
  /** The tool's name for it; usually its first DNS name. */
  name: string;
  file: string;
  read(): Promise<ForeignBundle>;
}

/** A bundle that `flawOf` has not checked yet. */
export interface ForeignBundle extends Bundle {
  /** The `id` of the account that renews it, and the CA's directory URL, if the tool keeps them. */
  account?: string | undefined;
  server?: string | undefined;
}

/** Reads a file of another tool. `decode` throws an Error whose message is the end of a sentence about the file. */
export async function readAs<T>(file: string, decode: (data: Buffer) => T): Promise<T> {
  try {
    return decode(await readFile(file));
  } catch (error) {
    const absent = systemCode(error) === "ENOENT";
    const why = error instanceof SyntaxError ? "it is not JSON" : messageOf(error);
    throw new AppError("bad-file", `${file} cannot be imported: ${why}.`, {
      hint: absent
        ? "Nothing was written. Name the tool's whole folder: its files can be links to others in it."
        : "Nothing was written. Put a good copy in its place, or let this user read it.",
      cause: error,
    });
  }
}

/** Throws `bad-file` if the folder is unreadable. */
export async function checkSource(dir: string): Promise<void> {
  await readdir(dir).catch((error: unknown) => {
    throw closed(dir, error);
  });
}

/**
 * The names in a folder, sorted; with `deep`, the paths of everything below it. Empty if there is
 * no such folder.
 */
export async function list(dir: string, deep = false): Promise<string[]> {
  try {
    return (await readdir(dir, { recursive: deep })).sort();
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw closed(dir, error);
  }
}

function closed(dir: string, cause: unknown): AppError {
  return new AppError("bad-file", `${dir} cannot be read: ${messageOf(cause)}.`, {
    hint: "Nothing was written. Name a folder that is there, and run as a user who may read all of it.",
    cause,
  });
}

/** Whether a folder contains files that this program or simp_le wrote. */
export async function holdsSet(dir: string): Promise<boolean> {
  const present = new Set(await list(dir));
  return FORMAT_NAMES.some((name) => FORMATS[name].secret && present.has(name));
}
