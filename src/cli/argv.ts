import { Parser } from "yargs/helpers";
import type { AppError } from "../errors.ts";
import type { Suggest } from "../suggest.ts";
import { OPTION_NAMES, type OptionName, type Options, OPTIONS, specOf } from "./options.ts";
import { usage } from "./usage.ts";

/**
 * Reads the options of a command line, by name. Throws `usage` for a word that is not an option.
 */
export function readOptions(argv: readonly string[], suggest?: Suggest): Options {
  const {
    argv: { _: strays, ...parsed },
    error,
  } = Parser.detailed(spell(argv), GRAMMAR);
  if (error !== null) throw valueless(error);
  const unknown = Object.keys(parsed)
    .filter((name) => !KNOWN.has(name))
    .map((name) => `${name.length > 1 ? "--" : "-"}${name}`)
    .map((flag) => [`${flag} is not an option.`, suggest?.(flag, FLAGS) || []].flat().join(" "));
  const [first, ...others] = [
    ...unknown,
    ...strays.map((stray) => `"${stray}" is neither an option nor a value of one.`),
  ];
  if (first !== undefined) throw usage([first, ...others].join("\n"), "See --help.");
  // The parser also lists each value under the short name of its option.
  return Object.fromEntries(
    Object.entries(parsed).filter(([name]) => Object.hasOwn(OPTIONS, name)),
  );
}

/**
 * The only error of the parser: an option without a value. Its message ends with the option's name.
 */
function valueless({ message }: Error): AppError {
  const name = message.split(" ").at(-1) ?? "";
  const option = name.length > 1 ? `--${name}` : `-${name}`;
  return usage(
    `${option} needs a value.`,
    `Write ${option} VALUE, or ${option}=VALUE if VALUE begins with a hyphen.`,
  );
}

const valued = OPTION_NAMES.filter((name) => specOf(name).value !== undefined);

/**
 * The options for yargs's parser. All of yargs would take as long to load as a run that has nothing
 * to do.
 */
const GRAMMAR = {
  alias: Object.fromEntries(
    OPTION_NAMES.flatMap((name) => {
      const { alias } = specOf(name);
      return alias === undefined ? [] : [[name, [alias]]];
    }),
  ),
  array: valued.filter((name) => specOf(name).repeatable),
  boolean: OPTION_NAMES.filter((name) => specOf(name).value === undefined),
  string: valued,
  narg: Object.fromEntries(valued.map((name) => [name, 1])),
  configuration: {
    "boolean-negation": false,
    "camel-case-expansion": false,
    "dot-notation": false,
    "greedy-arrays": false,
    "parse-numbers": false,
    "parse-positional-numbers": false,
  },
};

/** What a wrong option may have been meant to be. */
const FLAGS = OPTION_NAMES.filter((name) => !specOf(name).gone).map((name) => `--${name}`);

const KNOWN = new Set<string>(OPTION_NAMES.flatMap((name) => [name, specOf(name).alias ?? name]));

/** Short options, and whether they take a value. */
const SHORT = new Map(
  OPTION_NAMES.flatMap((name) => {
    const { alias, value } = specOf(name);
    return alias === undefined ? [] : [[alias, value !== undefined] as const];
  }),
);

/** Replaces the options in a command line by their full names. Values do not change. */
function spell(argv: readonly string[]): string[] {
  return argv.flatMap((word) => (word.startsWith("--") ? fullName(word) : apart(word)));
}

/**
 * simp_le writes options with underscores, most programs with hyphens. simp_le also accepts the
 * beginning of a name.
 */
function fullName(word: string): string {
  const [, start, value] = /^--([^=]+)(=.*)?$/s.exec(word) ?? [];
  if (start === undefined) return word;
  const name = complete(start.replaceAll("-", "_"));
  const spec = Object.hasOwn(OPTIONS, name) ? specOf(name as OptionName) : undefined;
  if (spec !== undefined && spec.value === undefined && value !== undefined)
    throw usage(`--${name} takes no value.`, `Write --${name} alone.`);
  return `--${name}${value ?? ""}`;
}

/** Separates short options in one word. The last one may have its value there: `-vdexample.com`. */
function apart(word: string): string[] {
  const takesValue = SHORT.get(word.charAt(1));
  if (!word.startsWith("-") || takesValue === undefined || word.length === 2) return [word];
  const option = word.slice(0, 2);
  const rest = word.slice(2);
  if (takesValue) return [option, rest.replace(/^=/, "")];
  return [option, ...apart(`-${rest}`)];
}

/**
 * The option that begins with this text. simp_le's options come first, so that new options do not
 * make simp_le's abbreviations ambiguous.
 */
function complete(start: string): string {
  if (Object.hasOwn(OPTIONS, start)) return start;
  const found = OPTION_NAMES.filter((name) => name.startsWith(start));
  const simple = found.filter((name) => !specOf(name).isNew);
  const [only, ...others] = simple.length === 1 ? simple : found;
  if (others.length > 0)
    throw usage(
      `--${start} may mean ${found.map((name) => `--${name}`).join(", ")}.`,
      "Write more of it.",
    );
  return only ?? start;
}
