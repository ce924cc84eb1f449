import { resolve } from "node:path";
import type { TargetFile, Work } from "../commands/batch.ts";
import type { AccountErrand } from "../commands/account.ts";
import type { Import } from "../commands/import.ts";
import type { DokkuSource } from "../commands/dokku.ts";
import type { Include } from "../commands/nginx.ts";
import type { Network } from "../commands/network.ts";
import type { PluginPart } from "../commands/plugin.ts";
import type { Revocation } from "../core/revoke.ts";
import type { Target } from "../core/target.ts";
import { entryOf } from "../json.ts";
import {
  parseOwner,
  parseDeactivation,
  parseRollover,
  parseShow,
} from "./account.ts";
import { parseDokku } from "./dokku.ts";
import { helpText } from "./help.ts";
import { parseIds, parseRoot, parseTargetFile, parseWork } from "./many.ts";
import { parseInclude } from "./nginx.ts";
import { OPTION_NAMES, specOf } from "./options.ts";
import { parseImport } from "./import.ts";
import { parseServers, warningsAbout } from "./server.ts";
import { forTrying, parseTarget } from "./target.ts";
import { usage } from "./usage.ts";
import { parseReason } from "./reason.ts";
import { listOf, type Options, readOptions, textOf } from "./words.ts";

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
  | ({ verb: "try"; target: Target } & Common)
  | ({ verb: "revoke"; revocation: Revocation } & Common)
  | ({ verb: "import"; wish: Import } & Common)
  | ({ verb: "account"; errand: AccountErrand } & Common)
  | ({ verb: "nginx"; include: Include } & Common)
  | ({ verb: "batch"; source: TargetFile; work: Work } & Common)
  | ({ verb: "renew"; dir: string; work: Work } & Common)
  | ({ verb: "status"; dir: string; json: boolean } & Common)
  | ({ verb: "dokku"; source: DokkuSource } & Common)
  | ({ verb: "plugin"; part: PluginPart } & Common)
  | ({ verb: "tar"; dir: string; ids: readonly string[] } & Common);

export interface Words {
  /** Without the program's name. */
  argv: readonly string[];
  env: Record<string, string | undefined>;
  cwd: string;
  version: string;
}

/** The commands that have a word of their own after them. */
const WITH_OPERAND = [
  ...["batch", "renew", "status", "tar", "plugin"],
  "account import",
];

/** What somebody wants done, without how to talk to the CA or to people. */
type Wish = DistributiveOmit<Task, keyof Common>;
type Task = Exclude<Request, { verb: "print" }>;
type DistributiveOmit<T, K extends keyof T> = T extends unknown
  ? Omit<T, K>
  : never;

type Understand = (
  options: Options,
  words: Words,
  /** The word after the command. */
  operand: string | undefined,
) => Wish;

/** The commands, in one word or two. Without any, `issue` is meant. */
const VERBS: Record<string, Understand> = {
  issue: (options, words) =>
    options.revoke === true
      ? parseRevocation(options, words)
      : parseIssue(options, words),
  revoke: parseRevocation,
  nginx: (options, { cwd }) => ({
    verb: "nginx",
    include: parseInclude(options, cwd),
  }),
  "account show": (options, { cwd }) => ({
    verb: "account",
    errand: parseShow(options, cwd),
  }),
  "account rollover": (options, { cwd }) => ({
    verb: "account",
    errand: parseRollover(options, cwd),
  }),
  "account deactivate": (options, { cwd }) => ({
    verb: "account",
    errand: parseDeactivation(options, cwd),
  }),
  "account import": (options, { cwd }, folder) => ({
    verb: "import",
    wish: parseImport(folder, options, cwd),
  }),
  batch: (options, { cwd }, file) => ({
    verb: "batch",
    source: parseTargetFile(file, options, cwd),
    work: parseWork(options),
  }),
  renew: (options, { cwd }, folder) => ({
    verb: "renew",
    dir: parseRoot(folder, options, cwd),
    work: parseWork(options),
  }),
  status: (options, { cwd }, folder) => ({
    verb: "status",
    dir: parseRoot(folder, options, cwd),
    json: options.json === true,
  }),
  dokku: (options, { cwd }) => ({
    verb: "dokku",
    source: parseDokku(options, cwd),
  }),
  plugin: (_options, _words, word) => ({
    verb: "plugin",
    part:
      word === "install" ? { kind: "script" } : { kind: "tar", image: word },
  }),
  tar: (options, { cwd }, folder) => ({
    verb: "tar",
    dir: parseRoot(folder, options, cwd),
    ids: parseIds(options),
  }),
};

/** Understands the words of a command line; pure. Throws an AppError with the code `usage`. */
export function parse(words: Words): Request {
  const { verb, operand, rest } = splitVerb(words.argv);
  const understand = entryOf(VERBS, verb);
  const helpless = verb !== "help" && !rest.some(asksForHelp);
  if (understand === undefined && helpless)
    throw usage(
      `"${verb}" is not a command.`,
      `The commands are ${Object.keys(VERBS).join(", ")} and help; without any, issue is meant.`,
    );
  const options = readOptions(rest, words.env);
  const warnings = warningsFor(options);
  if (understand === undefined || options.help === true)
    return { verb: "print", text: helpText() };
  if (options.version === true)
    return { verb: "print", text: `acme-sidecar ${words.version}` };
  return {
    ...understand(options, words, operand),
    network: parseNetwork(options, words),
    output: parseOutput(options),
    warnings,
  };
}

const asksForHelp = (word: string) => word === "-h" || word === "--help";

interface Split {
  verb: string;
  operand?: string | undefined;
  rest: readonly string[];
}

/** The words before the first option are the command; `account` takes one more, and some a word of their own. */
function splitVerb(argv: readonly string[]): Split {
  const [first = "", second = ""] = argv;
  if (first === "" || first.startsWith("-"))
    return { verb: "issue", rest: argv };
  const twofold = Object.keys(VERBS).some((verb) =>
    verb.startsWith(`${first} `),
  );
  const verb =
    twofold && !second.startsWith("-") ? `${first} ${second}`.trim() : first;
  const rest = argv.slice(verb.includes(" ") ? 2 : 1);
  const [operand = ""] = rest;
  const isOperand = operand === "-" || /^[^-]/.test(operand);
  return WITH_OPERAND.includes(verb) && isOperand
    ? { verb, operand, rest: rest.slice(1) }
    : { verb, rest };
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
  return [...ignored, ...warningsAbout(listOf(options, "server"))];
}

function parseIssue(options: Options, { cwd }: Words): Wish {
  const target = parseTarget(options, cwd);
  return options.dry_run === true
    ? { verb: "try", target: forTrying(target) }
    : { verb: "issue", target };
}

function parseRevocation(
  options: Options,
  { cwd }: Words,
): Extract<Wish, { verb: "revoke" }> {
  const revocation = {
    ...parseOwner(options, cwd),
    from: parseServers(listOf(options, "server")),
    reason: parseReason(textOf(options, "reason")),
  };
  return { verb: "revoke", revocation };
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
