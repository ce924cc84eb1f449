import { FORMAT_NAMES } from "../store/formats.ts";
import { DIRECTORIES } from "../acme/authorities.ts";
import { GROUPS, isFor, type OptionName, specOf, usualOf, verbsOf } from "./options.ts";
import { usageOf, VERB_NAMES, verbOf } from "./verbs.ts";

const WIDTH = 80;
const INDENT = 26;

/** The options of each group, in the order of the help. */
export const OPTION_GROUPS = Object.entries(GROUPS).map(
  ([title, options]) => [title, Object.keys(options) as OptionName[]] as const,
);

/** What `--help` prints. */
export function helpText(): string {
  return [
    "Usage: acme-sidecar [COMMAND] [OPTION]...",
    "       acme-sidecar -d NAME[:ROOT]... [OPTION]...",
    "",
    "Gets and renews TLS certificates over ACME while the web server keeps serving.",
    "",
    "Commands:",
    ...VERB_NAMES.flatMap((verb) => entry(usageOf(verb), verbOf(verb).describe)),
    "",
    ...OPTION_GROUPS.flatMap(([title, names]) => [
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

/** What an option does, its commands, and its default in brackets. */
export function describe(name: OptionName): string {
  const usual = usualOf(name);
  return `${meaningOf(name)}${usual === undefined ? "" : ` [${usual}]`}`;
}

/** What an option does, and its commands unless it is only for getting one certificate. */
export function meaningOf(name: OptionName): string {
  const { describe: text, choices } = specOf(name);
  const whose = isFor(name, "issue") ? "" : ` (${verbsOf(name) ?? ""})`;
  return `${text}${choices === undefined ? "" : `: ${anyOf(choices)}`}${whose}`;
}

function anyOf(choices: readonly string[]): string {
  return `${choices.slice(0, -1).join(", ")} or ${choices.at(-1) ?? ""}`;
}

/** An option with its value, as users type it. */
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
