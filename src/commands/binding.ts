import { readFile } from "node:fs/promises";
import { readMacKey } from "../acme/binding.ts";
import type { Binding } from "../core/target.ts";
import { AppError, messageOf } from "../errors.ts";

/** The binding with its MAC key read, and proven to be one. Throws `usage`, and never shows the key. */
export async function readBinding(
  binding: Binding | undefined,
): Promise<Binding | undefined> {
  if (binding === undefined) return undefined;
  const { kid, hmacKey } = binding;
  const [option, read] =
    typeof hmacKey === "string"
      ? ["--eab_hmac_key", () => Promise.resolve(hmacKey)]
      : [
          `--eab_hmac_key_file ${hmacKey.file}`,
          () => readFile(hmacKey.file, "utf8"),
        ];
  try {
    return { kid, hmacKey: readMacKey(await read()).toString("base64url") };
  } catch (error) {
    throw new AppError("usage", `${option}: ${messageOf(error)}.`, {
      hint: "Give the MAC key of the CA, alone, as it was shown with the key identifier.",
      scope: "run",
    });
  }
}
