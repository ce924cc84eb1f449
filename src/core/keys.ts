import { generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import type { KeyType } from "./target.ts";

const generate = promisify(generateKeyPair);

const CURVES = { ec256: "P-256", ec384: "P-384" };

export async function makeKey(type: KeyType): Promise<KeyObject> {
  const pair =
    typeof type === "string"
      ? await generate("ec", { namedCurve: CURVES[type] })
      : await generate("rsa", {
          modulusLength: type.rsa,
          publicExponent: type.exponent ?? 65537,
        });
  return pair.privateKey;
}

/** The type of a key, to make another of the same type; undefined for types that we do not make. */
export function typeOf(key: KeyObject): KeyType | undefined {
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (key.asymmetricKeyType === "rsa" && bits !== undefined) return { rsa: bits };
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (curve === "prime256v1") return "ec256";
  return curve === "secp384r1" ? "ec384" : undefined;
}

/** Whether a key has this type. The exponent of an RSA key does not matter. */
export function isOfType(key: KeyObject, wanted: KeyType): boolean {
  const type = typeOf(key);
  return typeof type === "object" && typeof wanted === "object"
    ? type.rsa === wanted.rsa
    : type === wanted;
}
