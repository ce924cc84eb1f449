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

/** The files of a set, each once; together they must hold everything. */
export function parseFormats(files: readonly string[]): FormatName[] {
  const chosen = new Set(
    DEFAULT_FORMATS.slice(0, files.length === 0 ? undefined : 0),
  );
  for (const file of files) {
    const format = FORMAT_NAMES.find((name) => name === file);
    if (format === undefined)
      throw usage(
        `-f ${file}: there is no such file.`,
        `The files are ${FORMAT_NAMES.join(", ")}.`,
      );
    chosen.add(format);
  }
  const held = new Set<Component>(
    [...chosen].flatMap((name) => FORMATS[name].holds),
  );
  const missing = Object.entries(NEEDED).filter(
    ([component]) => !held.has(component as Component),
  );
  if (missing.length > 0)
    throw usage(
      `The files given with -f have no place for ${missing.map(([, what]) => what).join(", ")}.`,
      "Add -f account_key.json, key.pem and fullchain.pem, for example, or leave out -f altogether.",
    );
  return [...chosen];
}

/** What every set must hold; the registration can be found again by the account's key. */
const NEEDED = {
  accountKey: "the account's key",
  key: "the certificate's key",
  leaf: "the certificate",
  chain: "its chain",
} satisfies Partial<Record<Component, string>>;
