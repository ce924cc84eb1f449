import { entryOf } from "../json.ts";
import type { KeyType } from "../core/target.ts";
import type { Given } from "./given.ts";
import type { Choice, OptionName } from "./options.ts";

const SMALLEST_RSA = 2048;
const LARGEST_RSA = 8192;

/** An RSA key of this many bits; undefined if the option was not given. */
export function parseRsa(
  given: Given,
  option: OptionName,
  bits = given.number(option),
): KeyType | undefined {
  if (bits === undefined) return undefined;
  if (bits >= SMALLEST_RSA && bits <= LARGEST_RSA && bits % 8 === 0) return { rsa: bits };
  given.wrong(option, `RSA keys have ${SMALLEST_RSA} to ${LARGEST_RSA} bits, a multiple of 8.`, {
    value: String(bits),
  });
  return undefined;
}

/** The type of a new account key. As in simp_le, a public exponent alone means RSA. */
export function parseAccountKey(given: Given): KeyType | undefined {
  const hasExponent = given.has("account_key_public_exponent");
  if (!hasExponent && !given.has("account_key_size")) return undefined;
  const bits = given.number("account_key_size");
  const type = parseRsa(given, "account_key_size", bits);
  if (!hasExponent) return type;
  const exponent = given.number("account_key_public_exponent");
  if (exponent % 2 === 0 || exponent < 3 || exponent >= 2 ** 32)
    given.wrong(
      "account_key_public_exponent",
      `an odd number from 3 to ${2 ** 32 - 1} is needed.`,
      { value: String(exponent), hint: "Every CA accepts 65537." },
    );
  return typeof type === "object" ? { ...type, exponent } : type;
}

const KEY_TYPES: Record<Choice<"key_type">, KeyType> = {
  ec256: "ec256",
  ec384: "ec384",
  rsa2048: { rsa: 2048 },
  rsa3072: { rsa: 3072 },
  rsa4096: { rsa: 4096 },
};

/** The type of key that the certificate must have. */
export function parseKeyType(given: Given): KeyType | undefined {
  const text = given.text("key_type");
  if (text === undefined) return undefined;
  const known = entryOf<KeyType>(KEY_TYPES, text.toLowerCase());
  if (known === undefined) given.unknown("key_type", text, Object.keys(KEY_TYPES));
  return known;
}
