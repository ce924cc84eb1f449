import { readFile } from "node:fs/promises";
import { readMacKey } from "../acme/binding.ts";
import type { Binding } from "../core/target.ts";
import { AppError, messageOf } from "../errors.ts";

/** The binding with its MAC key read, and proven to be one. Throws `usage`, and never shows the key. */
export async function readBinding(
  binding: Binding | undefined,
): Promise<Binding | undefined> {
  if (binding === undefined) return undefined;
  const { kid, hmacKey = "", file } = binding;
  const option =
    file === undefined ? "--eab_hmac_key" : `--eab_hmac_key_file ${file}`;
  try {
    const text = file === undefined ? hmacKey : await readFile(file, "utf8");
    return { kid, file, hmacKey: readMacKey(text).toString("base64url") };
  } catch (error) {
    throw new AppError("usage", `${option}: ${messageOf(error)}.`, {
      hint: "Give the MAC key of the CA, alone, as it was shown with the key identifier.",
      scope: "run",
    });
  }
}
