import { resolve } from "node:path";
import type { Network } from "../commands/issue.ts";
import type { Target } from "../core/target.ts";
import { SECOND } from "../time.ts";
import { helpText } from "./help.ts";
import { parseServer } from "./server.ts";
import { usage } from "./usage.ts";
import { parseEmail, parseFormats, parseListen, parseRsa } from "./values.ts";
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

/** What somebody asked for, with every word of it understood. */
export type Request =
  | { verb: "print"; text: string }
  | { verb: "issue"; target: Target; network: Network; output: Output };

export interface Words {
  /** Without the program's name. */
  argv: readonly string[];
  env: Record<string, string | undefined>;
  cwd: string;
  version: string;
}

const VERBS = ["issue", "help"];

/** Understands the words of a command line; pure. Throws an AppError with the code `usage`. */
export function parse(words: Words): Request {
  const [first, ...rest] = words.argv;
  const verb = first === undefined || first.startsWith("-") ? undefined : first;
  if (verb !== undefined && !VERBS.includes(verb))
    throw usage(
      `"${verb}" is not a command.`,
      "The commands are issue (also meant without any) and help.",
    );
  const options = readOptions(verb ? rest : words.argv, words.env);
  if (verb === "help" || options.help === true)
    return { verb: "print", text: helpText() };
  if (options.version === true)
    return { verb: "print", text: `acme-sidecar ${words.version}` };
  return {
    verb: "issue",
    target: parseTarget(options, words.cwd),
    network: parseNetwork(options, words),
    output: parseOutput(options),
  };
}

function parseTarget(options: Options, cwd: string): Target {
  const { names, method } = parseVhosts({
    vhosts: listOf(options, "vhost"),
    defaultRoot: textOf(options, "default_root"),
    listen: parseListen(textOf(options, "listen")),
    cwd,
  });
  const validMin = numberOf(options, "valid_min");
  const rsa = (option: "account_key_size" | "cert_key_size") =>
    parseRsa(option, numberOf(options, option));
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
      accountKey: rsa("account_key_size"),
      key: rsa("cert_key_size"),
      reuseKey: options.reuse_key === true,
      method,
    },
    keep: {
      dir: resolve(cwd, textOf(options, "certs_dir") ?? "."),
      formats: parseFormats(listOf(options, "file")),
    },
  };
}

function parseNetwork(options: Options, { cwd, version }: Words): Network {
  const caBundle = textOf(options, "ca_bundle");
  const userAgent = textOf(options, "user_agent") ?? "";
  return {
    caBundle: caBundle === undefined ? undefined : resolve(cwd, caBundle),
    // RFC 8555 section 6.1 does not allow none.
    userAgent: userAgent === "" ? `acme-sidecar/${version}` : userAgent,
  };
}

function parseOutput(options: Options): Output {
  const format = textOf(options, "log_format") ?? "text";
  if (format !== "text" && format !== "json")
    throw usage(`--log_format ${format}: it is either text or json.`);
  return { json: format === "json", verbose: options.verbose === true };
}
