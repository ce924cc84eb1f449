import { resolve } from "node:path";
import type { Import } from "../commands/import.ts";
import type { Network } from "../commands/network.ts";
import type { Revocation } from "../core/revoke.ts";
import type { Target } from "../core/target.ts";
import { SECOND } from "../time.ts";
import { helpText } from "./help.ts";
import { OPTION_NAMES, specOf } from "./options.ts";
import { AUTHORITIES, parseServer, warningAbout } from "./server.ts";
import { usage } from "./usage.ts";
import {
  checkCoverage,
  parseAccountKey,
  parseEmail,
  parseFormats,
  parseKeyMode,
  parseListen,
  parseRsa,
} from "./values.ts";
import { parseVhosts } from "./vhost.ts";
import {
  listOf,
  numberOf,
  type Options,
  readOptions,
  textOf,
} from "./words.ts";

/** Where messages go and how they look. */
export interface Output {
  json: boolean;
  verbose: boolean;
}

/** What every verb that does something has. */
interface Common {
  network: Network;
  output: Output;
  /** Sentences about words that were understood, but should not be written any more. */
  warnings: string[];
}

/** What somebody asked for, with every word of it understood. */
export type Request =
  | { verb: "print"; text: string }
  | ({ verb: "issue"; target: Target } & Common)
  | ({ verb: "revoke"; revocation: Revocation } & Common)
  | ({ verb: "import"; wish: Import } & Common);

export interface Words {
  /** Without the program's name. */
  argv: readonly string[];
  env: Record<string, string | undefined>;
  cwd: string;
  version: string;
}

const VERBS = ["issue", "revoke", "account", "help"];

/** Understands the words of a command line; pure. Throws an AppError with the code `usage`. */
export function parse(words: Words): Request {
  const [first, ...rest] = words.argv;
  const verb = first === undefined || first.startsWith("-") ? undefined : first;
  if (verb !== undefined && !VERBS.includes(verb))
    throw usage(
      `"${verb}" is not a command.`,
      "The commands are issue (also meant without any), revoke, account import and help.",
    );
  const { folder, others } =
    verb === "account"
      ? parseAccount(rest)
      : { others: verb ? rest : words.argv };
  const options = readOptions(others, words.env);
  const warnings = warningsFor(options);
  if (verb === "help" || options.help === true)
    return { verb: "print", text: helpText() };
  if (options.version === true)
    return { verb: "print", text: `acme-sidecar ${words.version}` };
  return {
    ...parseWish({ verb, folder }, options, words.cwd),
    network: parseNetwork(options, words),
    output: parseOutput(options),
    warnings,
  };
}

interface Verb {
  verb: string | undefined;
  folder: string | undefined;
}

function parseWish({ verb, folder }: Verb, options: Options, cwd: string) {
  if (verb === "account")
    return { verb: "import", wish: parseImport(folder, options, cwd) } as const;
  if (verb === "revoke" || options.revoke === true)
    return {
      verb: "revoke",
      revocation: parseRevocation(options, cwd),
    } as const;
  return { verb: "issue", target: parseTarget(options, cwd) } as const;
}

/** The words after `account`: what to do, the folder to do it with, and options. */
function parseAccount(words: readonly string[]) {
  const [what, folder, ...others] = words;
  if (what !== undefined && what !== "import" && !what.startsWith("-"))
    throw usage(
      `"account ${what}" is not a command.`,
      "account import is the only one that begins so.",
    );
  if (what !== "import" || folder === undefined || folder.startsWith("-"))
    return {
      folder: undefined,
      others: words.slice(what === "import" ? 1 : 0),
    };
  return { folder, others };
}

function parseImport(
  folder: string | undefined,
  options: Options,
  cwd: string,
): Import {
  if (folder === undefined)
    throw usage(
      "There is no folder to import from.",
      "Write account import DIR, and options after it.",
    );
  const server = textOf(options, "server");
  const dir = textOf(options, "certs_dir");
  const keep = parsePlace(options, cwd);
  checkCoverage(keep.formats);
  return {
    from: resolve(cwd, folder),
    wanted: listOf(options, "vhost"),
    server: server === undefined ? undefined : parseServer(server),
    known: Object.values(AUTHORITIES).filter((url) => url !== undefined),
    keep,
    words: [
      ...(dir === undefined ? [] : ["--certs_dir", dir]),
      ...listOf(options, "file").flatMap((file) => ["-f", file]),
    ],
  };
}

/** Throws `usage` for an option that is refused. */
function warningsFor(options: Options): string[] {
  const given = OPTION_NAMES.filter((name) => options[name] !== undefined);
  const ignored = given.flatMap((name) => {
    const { gone, describe } = specOf(name);
    if (gone === "refused")
      throw usage(`--${name} is an option of simp_le only.`, describe);
    return gone === "ignored" ? `--${name} is ignored. ${describe}` : [];
  });
  return [...ignored, ...warningAbout(textOf(options, "server"))];
}

function parseTarget(options: Options, cwd: string): Target {
  // Every value by itself comes before what all of them together lack.
  const validMin = numberOf(options, "valid_min");
  const accountKey = parseAccountKey(
    numberOf(options, "account_key_size"),
    numberOf(options, "account_key_public_exponent"),
  );
  const key = parseRsa("cert_key_size", numberOf(options, "cert_key_size"));
  const alternateChain = numberOf(options, "use_alt_chain") ?? 0;
  const { names, method } = parseVhosts({
    vhosts: listOf(options, "vhost"),
    defaultRoot: textOf(options, "default_root"),
    listen: parseListen(textOf(options, "listen")),
    cwd,
  });
  const keep = parsePlace(options, cwd);
  checkCoverage(keep.formats);
  return {
    id: names[0],
    want: {
      names,
      validAtLeast: validMin && validMin * SECOND,
      force: options.force === true,
    },
    ask: {
      from: parseServer(textOf(options, "server")),
      contact: parseEmail(textOf(options, "email")),
      accountKey,
      key,
      reuseKey: options.reuse_key === true,
      alternateChain,
      method,
    },
    keep,
  };
}

function parseRevocation(options: Options, cwd: string): Revocation {
  return {
    from: parseServer(textOf(options, "server")),
    keep: parsePlace(options, cwd),
  };
}

function parsePlace(options: Options, cwd: string): Target["keep"] {
  return {
    dir: resolve(cwd, textOf(options, "certs_dir") ?? "."),
    formats: parseFormats(listOf(options, "file")),
    keyMode: parseKeyMode(textOf(options, "key_mode")),
  };
}

function parseNetwork(options: Options, { cwd, version }: Words): Network {
  const caBundle = textOf(options, "ca_bundle");
  const userAgent = textOf(options, "user_agent");
  return {
    // Scripts give an empty one where they have none, which simp_le takes so.
    caBundle: caBundle ? resolve(cwd, caBundle) : undefined,
    // RFC 8555 section 6.1 does not allow none.
    userAgent:
      userAgent === "" ? "ACME" : (userAgent ?? `acme-sidecar/${version}`),
  };
}

function parseOutput(options: Options): Output {
  const format = textOf(options, "log_format") ?? "text";
  if (format !== "text" && format !== "json")
    throw usage(`--log_format ${format}: it is either text or json.`);
  return { json: format === "json", verbose: options.verbose === true };
}
