import { messageOf } from "../errors.ts";
import { entryOf } from "../json.ts";
import type { Listen } from "../serve.ts";
import type { Chain, KeyType } from "../core/target.ts";
import type { Place } from "../store/set.ts";
import { MAC_KEY_HINT, readMacKey } from "../acme/binding.ts";
import type { Draft } from "../core/target.ts";
import type { Given } from "./given.ts";
import type { OptionName } from "./options.ts";

const DEFAULT_LISTEN = "[::]:80";
const SMALLEST_RSA = 2048;
const LARGEST_RSA = 8192;

/** A wish for an RSA key of so many bits. */
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

export function parseEmail(given: Given): string[] {
  const text = given.text("email");
  const addresses = text?.split(",").map((address) => address.trim()) ?? [];
  for (const value of addresses)
    if (!/^[^\s@]+@[A-Za-z0-9._-]+$/.test(value))
      given.wrong("email", "this is not an e-mail address.", { value });
  return addresses;
}

export function parseListen(given: Given, otherwise = DEFAULT_LISTEN): Listen {
  const value = given.text("listen") ?? otherwise;
  const match = /^(?:(?:\[([0-9a-f:.]+)\]|([^:[\]]*)):)?(\d+)$/i.exec(value);
  const port = Number(match?.[3]);
  if (match === null || port > 65535)
    given.wrong("listen", "write HOST:PORT, [IPV6]:PORT or PORT.", { value });
  return { host: match?.[1] || match?.[2] || "::", port };
}

/** An RSA key with an exponent of somebody's own has, without a size, simp_le's. */
export function parseAccountKey(given: Given): KeyType | undefined {
  const bits = given.number("account_key_size");
  const exponent = given.number("account_key_public_exponent");
  const wish = exponent === undefined ? bits : (bits ?? 4096);
  const type = parseRsa(given, "account_key_size", wish);
  if (exponent === undefined) return type;
  if (exponent % 2 === 0 || exponent < 3 || exponent >= 2 ** 32)
    given.wrong(
      "account_key_public_exponent",
      `an odd number from 3 to ${2 ** 32 - 1} is needed.`,
      { value: String(exponent), hint: "Every CA accepts 65537." },
    );
  return typeof type === "object" ? { ...type, exponent } : type;
}

const KEY_TYPES: Record<string, KeyType | undefined> = {
  ec256: "ec256",
  ec384: "ec384",
  rsa2048: { rsa: 2048 },
  rsa3072: { rsa: 3072 },
  rsa4096: { rsa: 4096 },
};

/** The kind of key that a certificate must have. */
export function parseKeyType(given: Given): KeyType | undefined {
  const text = given.text("key_type");
  if (text === undefined) return undefined;
  const known = entryOf(KEY_TYPES, text.toLowerCase());
  if (known === undefined) given.unknown("key_type", text, Object.keys(KEY_TYPES));
  return known;
}

/** What the options of one binding say; undefined when there is none. */
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

/** Shows nothing of it. */
function parseMacKey(given: Given, text: string): Buffer | undefined {
  try {
    return readMacKey(text);
  } catch (error) {
    given.wrong("eab_hmac_key", `${messageOf(error)}.`, { hint: MAC_KEY_HINT });
    return undefined;
  }
}

/** The chain that simp_le's option means, or ours. */
export function parseChain(given: Given): Chain {
  const alternate = given.number("use_alt_chain");
  const issuer = given.text("preferred_chain");
  if (issuer === undefined) return { alternate: alternate ?? 0 };
  if (given.has("use_alt_chain"))
    given.wrong(
      "preferred_chain",
      `it does not work with ${given.write({ use_alt_chain: true })}.`,
      { value: issuer, hint: "Choose one." },
    );
  return { issuer };
}

/** The mode of files with a key, as chmod has it. */
export function parseKeyMode(given: Given): number | undefined {
  const value = given.text("key_mode");
  if (value === undefined) return undefined;
  const mode = Number.parseInt(value, 8);
  if (!/^0?[0-7]{3}$/.test(value) || (mode & 0o600) !== 0o600)
    given.wrong("key_mode", "write three octal digits that let the owner read and write.", {
      value,
      hint: "0600 and 0640 are usual.",
    });
  return mode;
}

/** 2 ** 32 - 1 means no change to the kernel. */
const LARGEST_ID = 2 ** 32 - 2;

/** Whom files are to belong to, as chown has it, in numbers. */
export function parseFileOwner(given: Given): Place["owner"] {
  const value = given.text("owner");
  if (value === undefined) return undefined;
  const [, user, group] = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(value) ?? [];
  const uid = Number(user);
  const gid = group === undefined ? undefined : Number(group);
  if (uid <= LARGEST_ID && (gid ?? 0) <= LARGEST_ID) return { uid, gid };
  given.wrong("owner", "write UID or UID:GID, in numbers.", {
    value,
    hint: "To find them, run id -u NAME and id -g NAME.",
  });
  return undefined;
}
