import { FORMAT_NAMES } from "../store/formats.ts";
import { forWhom, type OptionName, specOf } from "./options.ts";
import { DIRECTORIES } from "../acme/authorities.ts";

const WIDTH = 80;
const INDENT = 26;

/** Every command as it is typed, and what it does. */
export const COMMANDS: Record<string, string> = {
  issue: "Get or renew one certificate (this is the default)",
  revoke: "Revoke it, as --revoke does",
  "batch FILE": "Get or renew every certificate in a file; - reads standard input",
  "renew [DIR]": "Renew what earlier runs recorded in DIR and below",
  "status [DIR]": "List the certificates there, the most urgent first",
  "tar [DIR]": "Write the certificates there to standard output as a tar, for dokku certs:add",
  nginx:
    "Print the nginx block that forwards the CA to --listen; with --stateless, the block that lets nginx answer by itself",
  "account show": "Print the account's URL, key type, thumbprint and contact",
  "account rollover": "Give the account a new key",
  "account deactivate": "End the account for ever; needs --yes",
  "account import DIR": "Take over an account and a certificate of certbot or lego",
  "plugin [IMAGE]": "Write the Dokku plugin to standard output as a tar; it will run IMAGE",
  "plugin install": "Print the script that installs the Dokku plugin",
  dokku: "For the Dokku plugin only: do what it asks on standard input",
};

/** The options by what they are for. */
export const GROUPS: Record<string, readonly OptionName[]> = {
  "The certificate": [
    ...(["vhost", "valid_min", "next_run", "force", "key_type"] as const),
    ...(["cert_key_size", "reuse_key", "profile"] as const),
    ...(["preferred_profile", "preferred_chain", "use_alt_chain"] as const),
    ...(["revoke", "reason"] as const),
  ],
  "The CA and your account": [
    ...(["server", "email", "dry_run", "eab_kid", "eab_hmac_key"] as const),
    ...(["eab_hmac_key_file", "account_dir", "account_key_size"] as const),
    ...(["account_key_public_exponent", "ca_bundle"] as const),
    ...(["user_agent", "yes"] as const),
  ],
  "Answering the CA": [
    ...(["listen", "default_root", "stateless", "dns", "dns_exec"] as const),
    ...(["dns_timeout", "dns_wait", "dns_resolvers"] as const),
  ],
  Files: ["file", "certs_dir", "key_mode", "owner", "pkcs12_password_file"],
  "Many certificates": ["concurrency", "retry", "prune", "tar_changed", "id"],
  Messages: ["log_format", "verbose", "json", "version", "help"],
};

/** What `--help` prints. */
export function helpText(): string {
  return [
    "Usage: acme-sidecar [COMMAND] [OPTION]...",
    "       acme-sidecar -d NAME[:ROOT]... [OPTION]...",
    "",
    "Gets and renews TLS certificates over ACME while the web server keeps serving.",
    "",
    "Commands:",
    ...Object.entries(COMMANDS).flatMap(([words, text]) => entry(words, text)),
    "",
    ...Object.entries(GROUPS).flatMap(([title, names]) => [
      `${title}:`,
      ...names.flatMap((name) => entry(flagOf(name), describe(name))),
      "",
    ]),
    "Defaults are in brackets. You can write hyphens for underscores, and shorten",
    "an option as long as it stays clear. Every option is also an environment",
    "variable: ACME_SIDECAR_ and its name in capitals. The command line wins.",
    "",
    ...wrap(`Files for -f: ${FORMAT_NAMES.join(", ")}.`, WIDTH),
    ...wrap(`CAs for --server: ${Object.keys(DIRECTORIES).join(", ")}.`, WIDTH),
    "",
    "Exit status: 0 something was done, 1 nothing was due, 2 an error.",
  ].join("\n");
}

/** What an option does, for which commands, and its default in brackets. */
export function describe(name: OptionName): string {
  const { describe: text } = specOf(name);
  const [, meaning = text, usual = ""] = /^(.*?)( \[.*\])$/.exec(text) ?? [];
  return `${meaning}${forWhom(name)}${usual}`;
}

/** An option as it is typed. */
export function flagOf(name: OptionName): string {
  const { alias, value } = specOf(name);
  return `${alias === undefined ? "" : `-${alias}, `}--${name}${value === undefined ? "" : ` ${value}`}`;
}

function entry(words: string, text: string): string[] {
  const flag = `  ${words}`;
  const [first = "", ...others] = wrap(text, WIDTH - INDENT);
  const rest = others.map((line) => " ".repeat(INDENT) + line);
  return flag.length < INDENT - 1
    ? [flag.padEnd(INDENT) + first, ...rest]
    : [flag, " ".repeat(INDENT) + first, ...rest];
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line === undefined || line.length + word.length >= width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
