import { Parser } from "yargs/helpers";
import type { AppError } from "../errors.ts";
import { OPTION_NAMES, type OptionName, type Options, OPTIONS, specOf } from "./options.ts";
import { usage } from "./usage.ts";

/** The options of a command line. Throws `usage` for all that is none. */
export function readOptions(argv: readonly string[]): Options {
  const {
    argv: { _: strays, ...parsed },
    error,
  } = Parser.detailed(spell(argv), GRAMMAR);
  if (error !== null) throw valueless(error);
  const unknown = Object.keys(parsed)
    .filter((name) => !KNOWN.has(name))
    .map((name) => `${name.length > 1 ? "--" : "-"}${name} is not an option.`);
  const [first, ...others] = [
    ...unknown,
    ...strays.map((stray) => `"${stray}" is not an option, nor the value of one.`),
  ];
  if (first !== undefined) throw usage([first, ...others].join("\n"), "See --help.");
  // The parser has the values by their short names too.
  return Object.fromEntries(
    Object.entries(parsed).filter(([name]) => Object.hasOwn(OPTIONS, name)),
  );
}

/** The parser has one error: for an option without its value, which it names last. */
function valueless({ message }: Error): AppError {
  const name = message.split(" ").at(-1) ?? "";
  const option = name.length > 1 ? `--${name}` : `-${name}`;
  return usage(
    `${option} needs a value.`,
    `Write ${option} VALUE, or ${option}=VALUE if VALUE begins with a hyphen.`,
  );
}

const valued = OPTION_NAMES.filter((name) => specOf(name).value !== undefined);

/** The options as the parser of yargs wants them; its whole would take as long to set up as a run that has nothing to do. */
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

const KNOWN = new Set<string>(OPTION_NAMES.flatMap((name) => [name, specOf(name).alias ?? name]));

/** Short options, and whether they take a value. */
const SHORT = new Map(
  OPTION_NAMES.flatMap((name) => {
    const { alias, value } = specOf(name);
    return alias === undefined ? [] : [[alias, value !== undefined] as const];
  }),
);

/** The words of a command line as the table of options spells them; values stay as they are. */
function spell(argv: readonly string[]): string[] {
  return argv.flatMap((word) => (word.startsWith("--") ? fullName(word) : apart(word)));
}

/** simp_le has underscores in its options, most others hyphens; and simp_le takes the beginnings of names. */
function fullName(word: string): string {
  const [, start, value] = /^--([^=]+)(=.*)?$/s.exec(word) ?? [];
  if (start === undefined) return word;
  const name = complete(start.replaceAll("-", "_"));
  const spec = Object.hasOwn(OPTIONS, name) ? specOf(name as OptionName) : undefined;
  if (spec !== undefined && spec.value === undefined && value !== undefined)
    throw usage(`--${name} takes no value.`, `Write --${name} alone.`);
  return `--${name}${value ?? ""}`;
}

/** Several short options in one word, the last perhaps with its value, as `-vdexample.com`. */
function apart(word: string): string[] {
  const takesValue = SHORT.get(word.charAt(1));
  if (!word.startsWith("-") || takesValue === undefined || word.length === 2) return [word];
  const option = word.slice(0, 2);
  const rest = word.slice(2);
  if (takesValue) return [option, rest.replace(/^=/, "")];
  return [option, ...apart(`-${rest}`)];
}

/** What is unambiguous among simp_le's options stays so, whatever else begins in the same way. */
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
