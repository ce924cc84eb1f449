import type { KeyType } from "../core/target.ts";
import type { Listen } from "../serve.ts";
import {
  type Component,
  type FormatName,
  FORMAT_NAMES,
  FORMATS,
} from "../store/formats.ts";
import { usage } from "./usage.ts";

const DEFAULT_FORMATS: FormatName[] = [
  "account_key.json",
  "account_reg.json",
  "key.pem",
  "cert.pem",
  "chain.pem",
  "fullchain.pem",
];
const DEFAULT_LISTEN = "[::]:80";
const SMALLEST_RSA = 2048;
const LARGEST_RSA = 8192;

/** A wish for an RSA key of so many bits. */
export function parseRsa(
  option: string,
  bits: number | undefined,
): KeyType | undefined {
  if (bits === undefined) return undefined;
  if (bits >= SMALLEST_RSA && bits <= LARGEST_RSA && bits % 8 === 0)
    return { rsa: bits };
  throw usage(
    `--${option} ${bits}: RSA keys have ${SMALLEST_RSA} to ${LARGEST_RSA} bits, a multiple of 8.`,
  );
}

export function parseEmail(text: string | undefined): string[] {
  const addresses = text?.split(",").map((address) => address.trim()) ?? [];
  const odd = addresses.find(
    (address) => !/^[^\s@]+@[A-Za-z0-9._-]+$/.test(address),
  );
  if (odd !== undefined)
    throw usage(`--email ${odd}: this is not an e-mail address.`);
  return addresses;
}

export function parseListen(text = DEFAULT_LISTEN): Listen {
  const match = /^(?:(?:\[([0-9a-f:.]+)\]|([^:[\]]*)):)?(\d+)$/i.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65535)
    throw usage(`--listen ${text}: write HOST:PORT, [IPV6]:PORT or PORT.`);
  return { host: match[1] || match[2] || "::", port };
}

/** An RSA key with an exponent of somebody's own has, without a size, simp_le's. */
export function parseAccountKey(
  bits: number | undefined,
  exponent: number | undefined,
): KeyType | undefined {
  const wish = exponent === undefined ? bits : (bits ?? 4096);
  const type = parseRsa("account_key_size", wish);
  if (type === undefined || exponent === undefined || type === "ec256")
    return type;
  if (exponent % 2 === 1 && exponent >= 3 && exponent < 2 ** 32)
    return { ...type, exponent };
  throw usage(
    `--account_key_public_exponent ${exponent}: an odd number from 3 to ${2 ** 32 - 1} is needed.`,
    "65537 is what every CA takes.",
  );
}

/** The mode of files with a key, as chmod has it. */
export function parseKeyMode(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const mode = Number.parseInt(text, 8);
  if (/^0?[0-7]{3}$/.test(text) && (mode & 0o600) === 0o600) return mode;
  throw usage(
    `--key_mode ${text}: three octal digits are needed, with reading and writing for the owner.`,
    "0600 and 0640 are usual.",
  );
}

/** The files of a set, each once. */
export function parseFormats(files: readonly string[]): FormatName[] {
  const chosen = new Set(
    DEFAULT_FORMATS.slice(0, files.length === 0 ? undefined : 0),
  );
  for (const file of files) {
    const format = FORMAT_NAMES.find((name) => name === file);
    if (format === undefined)
      throw usage(
        `-f ${file}: there is no such file.`,
        file === "external.sh"
          ? "Programs are not run: choose files, and act on exit code 0 after the run."
          : `The files are ${FORMAT_NAMES.join(", ")}.`,
      );
    chosen.add(format);
  }
  return [...chosen];
}

/** Throws `usage` for a set of files that does not hold everything. */
export function checkCoverage(chosen: readonly FormatName[]): void {
  const held = new Set<Component>(
    chosen.flatMap((name) => FORMATS[name].holds),
  );
  const missing = Object.entries(NEEDED).filter(
    ([component]) => !held.has(component as Component),
  );
  if (missing.length > 0)
    throw usage(
      `The files given with -f have no place for ${missing.map(([, what]) => what).join(", ")}.`,
      "Add -f account_key.json, key.pem and fullchain.pem, for example, or leave out -f altogether.",
    );
}

/** What every set must hold; the registration can be found again by the account's key. */
const NEEDED = {
  accountKey: "the account's key",
  key: "the certificate's key",
  leaf: "the certificate",
  chain: "its chain",
} satisfies Partial<Record<Component, string>>;
