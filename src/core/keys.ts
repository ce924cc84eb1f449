import { generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import type { KeyType } from "./target.ts";

const generate = promisify(generateKeyPair);

export async function makeKey(type: KeyType): Promise<KeyObject> {
  const pair =
    type === "ec256"
      ? await generate("ec", { namedCurve: "P-256" })
      : await generate("rsa", {
          modulusLength: type.rsa,
          publicExponent: type.exponent ?? 65537,
        });
  return pair.privateKey;
}

/** The kind of a key, so that its successor can be of the same; undefined for kinds that are not made here. */
export function typeOf(key: KeyObject): KeyType | undefined {
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (key.asymmetricKeyType === "rsa" && bits !== undefined)
    return { rsa: bits };
  return key.asymmetricKeyType === "ec" ? "ec256" : undefined;
}
