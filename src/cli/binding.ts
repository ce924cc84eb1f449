import { MAC_KEY_HINT, readMacKey } from "../acme/binding.ts";
import type { Draft } from "../core/target.ts";
import { messageOf } from "../errors.ts";
import type { Given } from "./given.ts";

/** The external account binding in the options; undefined if there is none. */
export function parseBinding(given: Given): Draft["ask"]["account"]["binding"] {
  const kid = given.text("eab_kid");
  const file = given.path("eab_hmac_key_file");
  const key = given.text("eab_hmac_key");
  const keyOption = given.has("eab_hmac_key_file") ? "eab_hmac_key_file" : "eab_hmac_key";
  if (!given.has("eab_kid") && given.has(keyOption))
    given.wrong(keyOption, "it needs a key ID too.", {
      hint: `Give ${given.write({ eab_kid: "ID" })}.`,
    });
  if (given.has("eab_kid") && !given.has(keyOption))
    given.wrong("eab_kid", "it needs a MAC key too.", {
      value: kid,
      hint: `Give ${waysToGiveKey(given)}.`,
    });
  const macKey = file === undefined && key !== undefined ? parseMacKey(given, key) : undefined;
  if (kid === undefined) return undefined;
  return file === undefined
    ? macKey && { kid, macKey }
    : { kid, file, called: given.subject("eab_hmac_key_file", file) };
}

function waysToGiveKey(given: Given): string {
  const ways = [];
  if (given.knows("eab_hmac_key_file")) ways.push(given.write({ eab_hmac_key_file: "FILE" }));
  ways.push(given.write({ eab_hmac_key: "KEY" }));
  return ways.join(", or ");
}

/** Its messages never show the key. */
function parseMacKey(given: Given, text: string): Buffer | undefined {
  try {
    return readMacKey(text);
  } catch (error) {
    given.wrong("eab_hmac_key", `${messageOf(error)}.`, { hint: MAC_KEY_HINT });
    return undefined;
  }
}
