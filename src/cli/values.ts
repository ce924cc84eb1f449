import { isIPv6 } from "node:net";
import { resolve } from "node:path";
import type { Binding, Chain, KeyType, Method } from "../core/target.ts";
import type { Listen } from "../serve.ts";
import {
  type Component,
  type FormatName,
  FORMAT_NAMES,
  FORMATS,
} from "../store/formats.ts";
import { PKCS12_FILE } from "../store/pkcs12.ts";
import type { Place } from "../store/set.ts";
import { DAY, SECOND } from "../time.ts";
import { entryOf } from "../json.ts";
import { unknown, usage } from "./usage.ts";

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
/** Seconds. */
const DNS_TIMEOUT = 120;
const LONGEST_SPAN = DAY / SECOND;

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
  if (exponent === undefined || typeof type !== "object") return type;
  if (exponent % 2 === 1 && exponent >= 3 && exponent < 2 ** 32)
    return { ...type, exponent };
  throw usage(
    `--account_key_public_exponent ${exponent}: an odd number from 3 to ${2 ** 32 - 1} is needed.`,
    "65537 is what every CA takes.",
  );
}

const KEY_TYPES: Record<string, KeyType | undefined> = {
  ec256: "ec256",
  ec384: "ec384",
  rsa2048: { rsa: 2048 },
  rsa3072: { rsa: 3072 },
  rsa4096: { rsa: 4096 },
};

/** The kind of key that a certificate must have. */
export function parseKeyType(text: string | undefined): KeyType | undefined {
  if (text === undefined) return undefined;
  return (
    entryOf(KEY_TYPES, text.toLowerCase()) ??
    unknown("key_type", text, Object.keys(KEY_TYPES))
  );
}

/** How `-d` is answered where neither a port nor a folder is. */
export function parseMethod(
  { stateless, dns, program, ...others }: MethodWords,
  cwd: string,
): Extract<Method, { kind: "stateless" | "dns" }> | undefined {
  if (dns === undefined && program !== undefined)
    throw usage("--dns_exec has no use without --dns.", "Add --dns exec.");
  if (dns === undefined) return stateless ? { kind: "stateless" } : undefined;
  if (stateless)
    throw usage("--stateless and --dns exclude each other.", "Choose one.");
  if (dns !== "exec") unknown("dns", dns, ["exec"]);
  if (program === undefined)
    throw usage(
      "--dns exec needs a program that sets the records.",
      "Name it with --dns_exec PROGRAM.",
    );
  return {
    kind: "dns",
    script: resolve(cwd, program),
    timeout: parseSpan("dns_timeout", others.timeout ?? DNS_TIMEOUT, 1),
    wait: others.wait && parseSpan("dns_wait", others.wait, 0),
    resolvers: others.resolvers.map(parseResolver),
  };
}

function parseSpan(option: string, seconds: number, least: number): number {
  if (seconds >= least && seconds <= LONGEST_SPAN) return seconds * SECOND;
  throw usage(
    `--${option} ${seconds}: ${least} to ${LONGEST_SPAN} seconds are possible.`,
  );
}

function parseResolver(text: string): { host: string; port: number } {
  if (isIPv6(text)) return { host: text, port: 53 };
  const [, six, plain, digits = "53"] =
    /^(?:\[([^\]]+)\]|([^:[\]\s/]+))(?::(\d+))?$/.exec(text) ?? [];
  const host = six !== undefined && isIPv6(six) ? six : plain;
  const port = Number(digits);
  if (host !== undefined && port > 0 && port <= 65535) return { host, port };
  throw usage(
    `--dns_resolvers ${text}: write HOST, HOST:PORT, IPV6 or [IPV6]:PORT.`,
  );
}

interface MethodWords {
  stateless: boolean;
  dns: string | undefined;
  program: string | undefined;
  /** Seconds. */
  timeout: number | undefined;
  wait: number | undefined;
  resolvers: readonly string[];
}

/** What both options of one binding say; undefined when there is none. */
export function parseBinding(
  kid: string | undefined,
  key: Omit<Binding, "kid"> | undefined,
): Binding | undefined {
  if (kid === undefined && key === undefined) return undefined;
  if (kid === undefined || key === undefined)
    throw usage(
      "An external account binding has a key identifier and a MAC key.",
      "Give --eab_kid and --eab_hmac_key_file (or --eab_hmac_key) together.",
    );
  return { kid, ...key };
}

/** The chain that simp_le's option means, or ours. */
export function parseChain(
  alternate: number | undefined,
  issuer: string | undefined,
): Chain {
  if (issuer === undefined) return { alternate: alternate ?? 0 };
  if (alternate !== undefined)
    throw usage(
      "--use_alt_chain and --preferred_chain exclude each other.",
      "Choose one.",
    );
  return { issuer };
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

/** 2 ** 32 - 1 means no change to the kernel. */
const LARGEST_ID = 2 ** 32 - 2;

/** Whom files are to belong to, as chown has it, in numbers. */
export function parseFileOwner(text: string | undefined): Place["owner"] {
  if (text === undefined) return undefined;
  const [, user, group] = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(text) ?? [];
  const uid = Number(user);
  const gid = group === undefined ? undefined : Number(group);
  if (uid <= LARGEST_ID && (gid ?? 0) <= LARGEST_ID) return { uid, gid };
  throw usage(
    `--owner ${text}: write UID or UID:GID, in numbers.`,
    "id -u NAME and id -g NAME tell them.",
  );
}

/** What to do instead of naming these. */
const ELSEWHERE: Record<string, string | undefined> = {
  "external.sh":
    "Programs are not run: choose files, and act on exit code 0 after the run.",
  [PKCS12_FILE]: `It needs a password: with --pkcs12_password_file FILE it is written beside the others, without -f ${PKCS12_FILE}.`,
};

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
        entryOf(ELSEWHERE, file) ?? `The files are ${FORMAT_NAMES.join(", ")}.`,
      );
    chosen.add(format);
  }
  return [...chosen];
}

/** Throws `usage` for a set of files that does not hold everything. */
export function checkCoverage({ formats, accounts }: Place): void {
  const held = new Set<Component>(
    formats.flatMap((name) => FORMATS[name].holds),
  );
  if (accounts !== undefined) held.add("accountKey");
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
