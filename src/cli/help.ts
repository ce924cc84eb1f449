import { FORMAT_NAMES } from "../store/formats.ts";
import { DIRECTORIES } from "../acme/authorities.ts";
import {
  GROUPS,
  isFor,
  OPTION_NAMES,
  type OptionName,
  specOf,
  usualOf,
  verbsOf,
} from "./options.ts";
import { wrap } from "../ui/wrap.ts";
import { EVERY_OPTION } from "./parse.ts";
import { type Example, FAMILIES, OVERVIEW, VERB_HELP } from "./verb-help.ts";
import { isVerb, usageOf, type Verb, VERB_NAMES, verbOf, verbsIn } from "./verbs.ts";

const WIDTH = 80;
const INDENT = 26;
const TAGLINE = "Gets and renews TLS certificates over ACME while the web server keeps serving.";
const EXIT = "Exit status: 0 something was done, 1 nothing was due, 2 an error.";

/** The options of each group, in the order of the help. */
export const OPTION_GROUPS = Object.entries(GROUPS).map(
  ([title, options]) => [title, Object.keys(options) as OptionName[]] as const,
);

/** The options that most people need. */
export const COMMON = OPTION_NAMES.filter((name) => specOf(name).brief !== undefined);

/** The help on a command, on the commands that begin with a word, on every option, or an overview. */
export function helpText(topic: string | undefined): string {
  if (topic === undefined) return overview();
  if (topic === EVERY_OPTION) return everyOption();
  return isVerb(topic) ? helpOn(topic) : helpOnSeveral(topic);
}

/** It has few empty lines, so that it fits on a screen. */
function overview(): string {
  const options = COMMON.map((name): Row => [flagOf(name), specOf(name).brief ?? ""]);
  const commands = overviewRows();
  return [
    "Usage: acme-sidecar [COMMAND] [OPTION]...",
    TAGLINE,
    "",
    "Commands:",
    ...table(commands, [...commands, ...options]),
    "Options:",
    ...table(options, [...commands, ...options]),
    "Examples:",
    ...table(OVERVIEW.map(({ line, does }) => [line, does])),
    `Read on: acme-sidecar help COMMAND, or help ${EVERY_OPTION} for every option.`,
  ].join("\n");
}

type Row = [words: string, text: string];

/** Rows whose texts begin in one column, beside the longest words of `all`. */
function table(rows: readonly Row[], all = rows): string[] {
  const longest = Math.max(...all.map(([words]) => words.length));
  return rows.flatMap(([words, text]) => entry(words, text, longest + 4));
}

/** A row for each command that people type; one row for those with the same first word. */
function overviewRows(): Row[] {
  const typed = VERB_NAMES.filter((verb) => verbOf(verb).internal !== true);
  const rows = typed.map((verb): Row => {
    const [first = ""] = verb.split(" ");
    const family = Object.entries(FAMILIES).find(([word]) => word === first);
    return family === undefined
      ? [usageOf(verb), verbOf(verb).describe]
      : [`${first} ...`, family[1]];
  });
  return [...new Map(rows)];
}

function everyOption(): string {
  return [
    "Usage: acme-sidecar [COMMAND] [OPTION]...",
    "       acme-sidecar -d NAME[:ROOT]... [OPTION]...",
    "",
    TAGLINE,
    "",
    "Commands:",
    ...VERB_NAMES.flatMap((verb) => entry(usageOf(verb), verbOf(verb).describe)),
    "",
    ...groups(() => true, describe),
    "Defaults are in brackets. You can write hyphens for underscores, and shorten",
    "an option as long as it stays clear. Every option is also an environment",
    "variable: ACME_SIDECAR_ and its name in capitals. The command line wins.",
    "",
    ...lists(() => true),
    "",
    EXIT,
  ].join("\n");
}

function helpOn(verb: Verb): string {
  const { about, examples, exit } = VERB_HELP[verb];
  const isOurs = (name: OptionName) => isFor(name, verb);
  return [
    `Usage: acme-sidecar ${usageOf(verb)} [OPTION]...`,
    "",
    ...wrap(about, WIDTH),
    "",
    ...groups(isOurs, describeBare),
    ...lists(isOurs),
    ...(isOurs("file") || isOurs("server") ? [""] : []),
    "Examples:",
    ...examples.flatMap(shownExample),
    "",
    exit === undefined ? EXIT : `Exit status: ${exit}`,
    ...seeAlso(verb),
  ].join("\n");
}

function helpOnSeveral(words: string): string {
  const verbs = verbsIn(words);
  return [
    ...verbs.map((verb, at) => `${at === 0 ? "Usage:" : "      "} acme-sidecar ${usageOf(verb)}`),
    "",
    "Commands:",
    ...verbs.flatMap((verb) => entry(usageOf(verb), verbOf(verb).describe)),
    "",
    "Examples:",
    ...verbs.flatMap((verb) => VERB_HELP[verb].examples.flatMap(shownExample)),
    "",
    `Read on: acme-sidecar help ${verbs[0] ?? ""}, and so on.`,
  ].join("\n");
}

function seeAlso(verb: Verb): string[] {
  const others = verbsIn(verb).filter((each) => each !== verb);
  return others.map((other) => `See also: acme-sidecar help ${other}.`);
}

/** The wanted options, under the titles of their groups. */
function groups(
  isWanted: (name: OptionName) => boolean,
  text: (name: OptionName) => string,
): string[] {
  return OPTION_GROUPS.flatMap(([title, names]) => {
    const wanted = names.filter(isWanted);
    if (wanted.length === 0) return [];
    return [`${title}:`, ...wanted.flatMap((name) => entry(flagOf(name), text(name))), ""];
  });
}

/** The lists that the texts of some options mention. */
function lists(isWanted: (name: OptionName) => boolean): string[] {
  return [
    ...(isWanted("file") ? wrap(`Files for -f: ${FORMAT_NAMES.join(", ")}.`, WIDTH) : []),
    ...(isWanted("server")
      ? wrap(`CAs for --server: ${Object.keys(DIRECTORIES).join(", ")}.`, WIDTH)
      : []),
  ];
}

function shownExample({ line, does }: Example): string[] {
  return [`  ${line}`, ...wrap(does, WIDTH - 6).map((each) => `      ${each}`)];
}

/** What an option does, its commands, and its default in brackets. */
export function describe(name: OptionName): string {
  return withUsual(name, meaningOf(name));
}

/** The same in the help on a command, where it is clear that the option is for this command. */
function describeBare(name: OptionName): string {
  return withUsual(name, meaningAlone(name));
}

function withUsual(name: OptionName, text: string): string {
  const usual = usualOf(name);
  return `${text}${usual === undefined ? "" : ` [${usual}]`}`;
}

/** What an option does, and its commands unless it is only for getting one certificate. */
export function meaningOf(name: OptionName): string {
  const whose = isFor(name, "issue") ? "" : ` (${verbsOf(name) ?? ""})`;
  return `${meaningAlone(name)}${whose}`;
}

function meaningAlone(name: OptionName): string {
  const { describe: text, choices } = specOf(name);
  return `${text}${choices === undefined ? "" : `: ${anyOf(choices)}`}`;
}

function anyOf(choices: readonly string[]): string {
  return `${choices.slice(0, -1).join(", ")} or ${choices.at(-1) ?? ""}`;
}

/** An option with its value, as users type it. */
export function flagOf(name: OptionName): string {
  const { alias, value } = specOf(name);
  return `${alias === undefined ? "" : `-${alias}, `}--${name}${value === undefined ? "" : ` ${value}`}`;
}

function entry(words: string, text: string, indent = INDENT): string[] {
  const flag = `  ${words}`;
  const [first = "", ...others] = wrap(text, WIDTH - indent);
  const rest = others.map((line) => " ".repeat(indent) + line);
  return flag.length < indent - 1
    ? [flag.padEnd(indent) + first, ...rest]
    : [flag, " ".repeat(indent) + first, ...rest];
}
