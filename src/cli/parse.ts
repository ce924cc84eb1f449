import type { Network } from "../commands/network.ts";
import { AppError } from "../errors.ts";
import type { Suggest } from "../suggest.ts";
import type { ReportStyle } from "../ui/result.ts";
import { readOptions } from "./argv.ts";
import { warningsAbout } from "./ca.ts";
import { commandLine } from "./dialect.ts";
import { readVariables } from "./environment.ts";
import { type Given, givenBy, understand } from "./given.ts";
import { parseNetwork } from "./network.ts";
import { OPTION_NAMES, type Options, specOf } from "./options.ts";
import { usage } from "./usage.ts";
import { noteUseless, optionsFor } from "./verb-options.ts";
import {
  type VerbWords,
  isVerb,
  type Verb,
  VERB_NAMES,
  verbOf,
  verbsIn,
  type Wishes,
} from "./verbs.ts";

export interface Output {
  /** Whether messages are JSON. */
  json: boolean;
  verbose: boolean;
  /** Whether the answer is JSON. */
  answerJson: boolean;
  report: ReportStyle;
}

/** What the user wants from a verb. */
export interface TaskOf<V extends Verb> {
  verb: V;
  wish: Wishes[V];
  network: Network;
  output: Output;
  /** Warnings about words that still work but are outdated. */
  warnings: string[];
}
export type Task = { [V in Verb]: TaskOf<V> }[Verb];

/** The topic of help on every option. Other topics are commands, and words that commands begin with. */
export const EVERY_OPTION = "options";

/** A task to run, the help on a topic (or an overview), or a text to print. */
export type Request =
  Task | { verb: "help"; topic: string | undefined } | { verb: "print"; text: string };

export interface Words {
  /** The arguments without the program's name. */
  argv: readonly string[];
  env: Record<string, string | undefined>;
  cwd: string;
  version: string;
  /** Finds out what a wrong word was meant to be; undefined: the errors have no suggestions. */
  suggest?: Suggest;
}

/**
 * Parses a command line as `parse` does. Only after a mistake it loads what suggests other words,
 * and parses the command line again.
 */
export async function parseOrSuggest(words: Words): Promise<Request> {
  try {
    return parse(words);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { suggest } = await import("../suggest.ts");
    return parse({ ...words, suggest });
  }
}

/** Parses a command line; pure. Throws an AppError with the code `usage` and every mistake. */
export function parse(words: Words): Request {
  const { verb: word, operand, rest, bare } = splitVerb(words.argv);
  const topic = word === "help" ? operand : bare ? undefined : word;
  const isHelp = word === "help" || rest.some(asksForHelp);
  if (!isVerb(word) && !(isHelp && isTopic(topic))) throw notCommand(topic ?? "", words.suggest);
  const typed = readOptions(rest, words.suggest);
  const ignored = warningsOfGone(typed);
  if (!isVerb(word) || typed.help === true)
    return { verb: "help", topic: typed.all === true ? EVERY_OPTION : topic };
  if (typed.version === true) return { verb: "print", text: `acme-sidecar ${words.version}` };
  const env = readVariables(words.env);
  const { verb, argv } = meant(word, typed, env);
  const found = optionsFor(verb, argv, env);
  const given = givenBy(found.options, {
    cwd: words.cwd,
    dialect: commandLine(typed, env),
    suggest: words.suggest,
  });
  noteAll(given, typed);
  const warnings = [
    ...ignored,
    ...noteUseless(found, given, { verb, bare }),
    ...warningsAbout(given),
  ];
  return understand(given, () => {
    const wish = parseWish(verb, given, { operand, ...found });
    const network = parseNetwork(given, words);
    const output = parseOutput(given, verb);
    // The compiler cannot see that this wish belongs to this verb.
    return wish && ({ verb, wish, network, output, warnings } as Task);
  });
}

function parseWish(verb: Verb, given: Given, words: VerbWords) {
  const { operand, understand: read } = verbOf(verb);
  if (operand?.missing !== undefined && words.operand === undefined)
    given.wrong(undefined, operand.missing.text, { hint: operand.missing.hint });
  return read(given, words);
}

function noteAll(given: Given, { all }: Options): void {
  if (all === true)
    given.wrong(undefined, "--all has an effect only with --help.", {
      hint: "Write --help --all to see every option.",
    });
}

function isTopic(words: string | undefined): boolean {
  return words === undefined || words === EVERY_OPTION || verbsIn(words).length > 0;
}

function notCommand(words: string, suggest: Suggest | undefined): AppError {
  const text = `"${words}" is not a command.`;
  const typed = VERB_NAMES.filter((verb) => verbOf(verb).internal !== true);
  const halves = typed.filter((verb) => verb.startsWith(`${words} `));
  if (halves.length > 0) return usage(text, `Write one of ${halves.join(", ")}.`);
  if (/^[^ ]+\.[^ ]+$/.test(words))
    return usage(text, `To get a certificate for a name, write -d ${words}.`);
  const first = typed.map((verb) => verb.split(" ")[0] ?? "");
  const known = new Set<string>([...typed, ...first, "help", EVERY_OPTION]);
  const guess = suggest?.(words, [...known]);
  const all = `The commands are ${typed.join(", ")} and help; without one, the program runs issue.`;
  return usage(text, guess ? `${guess} See --help.` : all);
}

const asksForHelp = (word: string) => word === "-h" || word === "--help";

/** `issue --revoke` is simp_le's way to write `revoke`. */
function meant(word: Verb, typed: Options, env: Options) {
  const { revoke = env.revoke, ...argv } = typed;
  return word === "issue" && revoke === true
    ? { verb: "revoke" as const, argv }
    : { verb: word, argv: typed };
}

interface Split {
  verb: string;
  /** No command was written, as in simp_le. */
  bare: boolean;
  /** The word after the command; after `help`, all of the topic. */
  operand?: string | undefined;
  rest: readonly string[];
}

/** Finds the command, and its operand, before the first option. */
function splitVerb(argv: readonly string[]): Split {
  const [first = ""] = argv;
  if (first === "" || first.startsWith("-")) return { verb: "issue", bare: true, rest: argv };
  if (first === "help") return splitHelp(argv.slice(1));
  const verb = verbIn(argv);
  const rest = argv.slice(verb.split(" ").length);
  const [operand = ""] = rest;
  const isOperand = operand === "-" || /^[^-]/.test(operand);
  return isVerb(verb) && verbOf(verb).operand !== undefined && isOperand
    ? { verb, bare: false, operand, rest: rest.slice(1) }
    : { verb, bare: false, rest };
}

function splitHelp(words: readonly string[]): Split {
  const option = words.findIndex((word) => word.startsWith("-"));
  const topic = option < 0 ? words : words.slice(0, option);
  return {
    verb: "help",
    bare: false,
    operand: topic.length === 0 || topic[0] === "help" ? undefined : topic.join(" "),
    rest: words.slice(topic.length),
  };
}

/** The verb, of one word or two. Also returns two words if the first is only half of a verb. */
function verbIn([first = "", second = "-"]: readonly string[]): string {
  const both = `${first} ${second}`;
  if (second.startsWith("-")) return first;
  const isHalf = !isVerb(first) && VERB_NAMES.some((verb) => verb.startsWith(`${first} `));
  return isVerb(both) || isHalf ? both : first;
}

/**
 * Warnings about simp_le's options that do nothing here. Throws `usage` for those that are refused.
 */
function warningsOfGone(typed: Options): string[] {
  const given = OPTION_NAMES.filter((name) => typed[name] !== undefined);
  return given.flatMap((name) => {
    const { gone, describe } = specOf(name);
    if (gone === "refused") throw usage(`--${name} is an option of simp_le only.`, describe);
    return gone === "ignored" ? `--${name} is ignored. ${describe}` : [];
  });
}

function parseOutput(given: Given, verb: Verb): Output {
  const format = given.text("log_format");
  const { choices = [] } = specOf("log_format");
  if (!choices.includes(format)) given.unknown("log_format", format, choices);
  return {
    json: format === "json",
    verbose: given.flag("verbose"),
    answerJson: given.flag("json"),
    report: verbOf(verb).report ?? "each",
  };
}
