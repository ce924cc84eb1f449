import type { Renewal, TargetFile, Work } from "../commands/batch.ts";
import type { AccountErrand } from "../commands/account.ts";
import type { Import } from "../commands/import.ts";
import type { DokkuSource } from "../commands/dokku.ts";
import type { Include } from "../commands/nginx.ts";
import type { Network } from "../commands/network.ts";
import type { PluginPart } from "../commands/plugin.ts";
import type { Revocation } from "../core/revoke.ts";
import type { Draft } from "../core/target.ts";
import { parseDeactivation, parseRevocation, parseRollover, parseShow } from "./account.ts";
import { commandLine } from "./dialect.ts";
import { parseDokku } from "./dokku.ts";
import { type Given, givenBy, understand } from "./given.ts";
import { type Heeded, heededBy, noteUnheeded } from "./verb-options.ts";
import { helpText } from "./help.ts";
import { parseRenewal, parseRoot, parseTargetFile, parseWork } from "./batch.ts";
import { parseInclude } from "./nginx.ts";
import { parseNetwork } from "./network.ts";
import { OPTION_NAMES, specOf } from "./options.ts";
import { parseImport } from "./import.ts";
import { forTrying, warningsAbout } from "./ca.ts";
import { parseTarget } from "./target.ts";
import { usage } from "./usage.ts";
import { type Verb, VERB_NAMES } from "./verbs.ts";
import { type Options, readOptions, readVariables } from "./argv.ts";

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
  | ({ verb: "issue"; target: Draft } & Common)
  | ({ verb: "try"; target: Draft } & Common)
  | ({ verb: "revoke"; revocation: Revocation } & Common)
  | ({ verb: "import"; wish: Import } & Common)
  | ({ verb: "account"; errand: AccountErrand } & Common)
  | ({ verb: "nginx"; include: Include } & Common)
  | ({ verb: "batch"; source: TargetFile; work: Work } & Common)
  | ({ verb: "renew"; renewal: Renewal; work: Work } & Common)
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
const WITH_OPERAND = [...["batch", "renew", "status", "tar", "plugin"], "account import"];

/** What somebody wants done, without how to talk to the CA or to people. */
type Wish = DistributiveOmit<Task, keyof Common>;
type Task = Exclude<Request, { verb: "print" }>;
type DistributiveOmit<T, K extends keyof T> = T extends unknown ? Omit<T, K> : never;

/** What there is beside the options as they are read. */
interface Beside extends Heeded {
  /** The word after the command. */
  operand: string | undefined;
}

/** Undefined where something is wrong. */
type Understand = (given: Given, beside: Beside) => Wish | undefined;

/** Without any of these, `issue` is meant. */
const VERBS: Record<Verb, Understand> = {
  issue: parseIssue,
  revoke: (given) => ({ verb: "revoke", revocation: parseRevocation(given) }),
  nginx: (given) => ({ verb: "nginx", include: parseInclude(given) }),
  "account show": (given) => ({ verb: "account", errand: parseShow(given) }),
  "account rollover": (given) => ({
    verb: "account",
    errand: parseRollover(given),
  }),
  "account deactivate": (given) => ({
    verb: "account",
    errand: parseDeactivation(given),
  }),
  "account import": (given, { operand, argv }) => ({
    verb: "import",
    wish: parseImport(operand, given, argv),
  }),
  batch: (given, { operand, options }) => ({
    verb: "batch",
    source: parseTargetFile(operand, given, options),
    work: parseWork(given),
  }),
  renew: (given, beside) => ({
    verb: "renew",
    renewal: parseRenewal(given, beside),
    work: parseWork(given),
  }),
  status: (given, beside) => ({
    verb: "status",
    dir: parseRoot(given, beside),
    json: given.flag("json"),
  }),
  dokku: (given, { options }) => ({
    verb: "dokku",
    source: parseDokku(given, options),
  }),
  plugin: (_given, { operand }) => ({
    verb: "plugin",
    part: operand === "install" ? { kind: "script" } : { kind: "tar", image: operand },
  }),
  tar: (given, beside) => ({
    verb: "tar",
    dir: parseRoot(given, beside),
    ids: given.list("id"),
  }),
};

const isVerb = (word: string): word is Verb => (VERB_NAMES as readonly string[]).includes(word);

/** Understands the words of a command line; pure. Throws an AppError with the code `usage`, with every mistake in them. */
export function parse(words: Words): Request {
  const { verb: word, operand, rest, bare } = splitVerb(words.argv);
  const helpless = word !== "help" && !rest.some(asksForHelp);
  if (!isVerb(word) && helpless)
    throw usage(
      `"${word}" is not a command.`,
      `The commands are ${VERB_NAMES.join(", ")} and help; without one, the program runs issue.`,
    );
  const typed = readOptions(rest);
  const ignored = warningsOfGone(typed);
  if (!isVerb(word) || typed.help === true) return { verb: "print", text: helpText() };
  if (typed.version === true) return { verb: "print", text: `acme-sidecar ${words.version}` };
  const env = readVariables(words.env);
  const { verb, argv } = meant(word, typed, env);
  const heeded = heededBy(verb, argv, env);
  const given = givenBy(heeded.options, {
    cwd: words.cwd,
    dialect: commandLine(typed, env),
  });
  const warnings = [
    ...ignored,
    ...noteUnheeded(heeded, given, { verb, bare }),
    ...warningsAbout(given),
  ];
  return understand(given, () => {
    const wish = VERBS[verb](given, { operand, ...heeded });
    const network = parseNetwork(given, words);
    const output = parseOutput(given);
    return wish && { ...wish, network, output, warnings };
  });
}

const asksForHelp = (word: string) => word === "-h" || word === "--help";

/** With `--revoke` the usual command is another one. */
function meant(word: Verb, typed: Options, env: Options) {
  const { revoke = env.revoke, ...argv } = typed;
  return word === "issue" && revoke === true
    ? { verb: "revoke" as const, argv }
    : { verb: word, argv: typed };
}

interface Split {
  verb: string;
  /** No command was written, as with simp_le. */
  bare: boolean;
  operand?: string | undefined;
  rest: readonly string[];
}

/** The words before the first option are the command; `account` takes one more, and some a word of their own. */
function splitVerb(argv: readonly string[]): Split {
  const [first = "", second = ""] = argv;
  if (first === "" || first.startsWith("-")) return { verb: "issue", bare: true, rest: argv };
  const twofold = VERB_NAMES.some((verb) => verb.startsWith(`${first} `));
  const verb = twofold && !second.startsWith("-") ? `${first} ${second}`.trim() : first;
  const rest = argv.slice(verb.includes(" ") ? 2 : 1);
  const [operand = ""] = rest;
  const isOperand = operand === "-" || /^[^-]/.test(operand);
  return WITH_OPERAND.includes(verb) && isOperand
    ? { verb, bare: false, operand, rest: rest.slice(1) }
    : { verb, bare: false, rest };
}

/** What to say of options of simp_le that do nothing here. Throws `usage` for those that are refused. */
function warningsOfGone(typed: Options): string[] {
  const given = OPTION_NAMES.filter((name) => typed[name] !== undefined);
  return given.flatMap((name) => {
    const { gone, describe } = specOf(name);
    if (gone === "refused") throw usage(`--${name} is an option of simp_le only.`, describe);
    return gone === "ignored" ? `--${name} is ignored. ${describe}` : [];
  });
}

function parseIssue(given: Given): Wish | undefined {
  const target = parseTarget(given);
  if (!given.flag("dry_run")) return target && { verb: "issue", target };
  return target && { verb: "try", target: forTrying(given, target) };
}

function parseOutput(given: Given): Output {
  const format = given.text("log_format") ?? "text";
  if (format !== "text" && format !== "json")
    given.wrong("log_format", "it is either text or json.", { value: format });
  return { json: format === "json", verbose: given.flag("verbose") };
}
