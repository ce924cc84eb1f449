import { readFile } from "node:fs/promises";
import { AppError, messageOf } from "../errors.ts";
import type { Place } from "../store/set.ts";

/**
 * The place with the password of its PKCS #12 file read: the first line of a file in UTF-8, without
 * its end. Throws `usage`, and never shows the password.
 */
export async function readPassword(keep: Place): Promise<Place> {
  const { pkcs12 } = keep;
  if (pkcs12 === undefined) return keep;
  const { file } = pkcs12;
  try {
    return {
      ...keep,
      pkcs12: { file, password: firstLine(await readFile(file)) },
    };
  } catch (error) {
    throw new AppError(
      "usage",
      `--pkcs12_password_file ${file}: ${messageOf(error)}.`,
      {
        hint: "Name a file whose first line is the password of cert.p12, and let this user read it.",
        scope: "run",
      },
    );
  }
}

function firstLine(data: Buffer): string {
  const [line = ""] = textIn(data).split(/\r?\n/);
  if (line === "") throw new Error("its first line is empty");
  return line;
}

function textIn(data: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(data);
  } catch {
    throw new Error("it is not text in UTF-8");
  }
}
