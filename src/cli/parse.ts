import type { Network } from "../commands/network.ts";
import type { ReportStyle } from "../ui/result.ts";
import { readOptions } from "./argv.ts";
import { warningsAbout } from "./ca.ts";
import { commandLine } from "./dialect.ts";
import { readVariables } from "./environment.ts";
import { type Given, givenBy, understand } from "./given.ts";
import { helpText } from "./help.ts";
import { parseNetwork } from "./network.ts";
import { OPTION_NAMES, type Options, specOf } from "./options.ts";
import { usage } from "./usage.ts";
import { noteUseless, optionsFor } from "./verb-options.ts";
import { type VerbWords, isVerb, type Verb, VERB_NAMES, verbOf, type Wishes } from "./verbs.ts";

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

/** A task to run, or a text to print. */
export type Request = Task | { verb: "print"; text: string };

export interface Words {
  /** The arguments without the program's name. */
  argv: readonly string[];
  env: Record<string, string | undefined>;
  cwd: string;
  version: string;
}

/** Parses a command line; pure. Throws an AppError with the code `usage` and every mistake. */
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
  const found = optionsFor(verb, argv, env);
  const given = givenBy(found.options, {
    cwd: words.cwd,
    dialect: commandLine(typed, env),
  });
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
  operand?: string | undefined;
  rest: readonly string[];
}

/** Finds the command, and its operand, before the first option. */
function splitVerb(argv: readonly string[]): Split {
  const [first = ""] = argv;
  if (first === "" || first.startsWith("-")) return { verb: "issue", bare: true, rest: argv };
  const verb = verbIn(argv);
  const rest = argv.slice(verb.split(" ").length);
  const [operand = ""] = rest;
  const isOperand = operand === "-" || /^[^-]/.test(operand);
  return isVerb(verb) && verbOf(verb).operand !== undefined && isOperand
    ? { verb, bare: false, operand, rest: rest.slice(1) }
    : { verb, bare: false, rest };
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
  if (format !== "text" && format !== "json")
    given.wrong("log_format", "it is either text or json.", { value: format });
  return {
    json: format === "json",
    verbose: given.flag("verbose"),
    answerJson: given.flag("json"),
    report: verbOf(verb).report ?? "each",
  };
}
