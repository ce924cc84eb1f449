import { readdir, readFile } from "node:fs/promises";
import { AppError, messageOf, systemCode } from "../../errors.ts";
import type { Bundle } from "../bundle.ts";
import { type Contents, FORMAT_NAMES, FORMATS } from "../formats.ts";

/** What another tool keeps in its folder. Nothing of it is read before it is chosen. */
export interface Foreign {
  accounts: readonly ForeignAccount[];
  certificates: readonly ForeignCertificate[];
}

export interface ForeignAccount {
  /** What the tool calls it: certbot a hash of its key, lego mostly a mail address. */
  id: string;
  /** How it is called in messages: its CA, as far as the tool's folders tell it, and `id`. */
  label: string;
  /** Whether it can be an account at the CA with this directory. */
  isAt(server: string): boolean;
  /** Its key, its registration where there is one, and the URL of the CA's directory where the tool keeps that. */
  read(): Promise<Contents & { server: string | undefined }>;
}

export interface ForeignCertificate {
  /** What the tool calls it; mostly its first name. */
  name: string;
  /** The file with the certificate. */
  file: string;
  read(): Promise<ForeignBundle>;
}

/** Not proven yet. */
export interface ForeignBundle extends Bundle {
  /** The `id` of the account that renews it, and the URL of the CA's directory, where the tool keeps them. */
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

/** Throws `bad-file` when the folder of another tool cannot be looked into. */
export async function checkSource(dir: string): Promise<void> {
  await readdir(dir).catch((error: unknown) => {
    throw closed(dir, error);
  });
}

/** The names in a folder, or with `deep` the paths of all below it; none when there is no such folder. */
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

/** Whether a folder holds a set of files as this program and simp_le write them. */
export async function holdsSet(dir: string): Promise<boolean> {
  const present = new Set(await list(dir));
  return FORMAT_NAMES.some((name) => FORMATS[name].secret && present.has(name));
}
