import { Parser } from "yargs/helpers";
import type { AppError } from "../errors.ts";
import { OPTION_NAMES, type OptionName, OPTIONS, specOf } from "./options.ts";
import { spell } from "./spelling.ts";
import { usage } from "./usage.ts";

/** The options as they were written, by name; not yet understood. */
export type Options = Partial<Record<OptionName, unknown>>;

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

/** The environment variable that stands for an option. */
export function variableOf(option: OptionName): string {
  return `ACME_SIDECAR_${option.toUpperCase()}`;
}

/** The options that the environment gives to whoever heeds them. */
export function readVariables(env: Record<string, string | undefined>): Options {
  const found: Options = {};
  for (const name of OPTION_NAMES) {
    const value = env[variableOf(name)];
    if (value === undefined || value === "") continue;
    const spec = specOf(name);
    if (spec.gone) continue;
    if (spec.value === undefined) found[name] = /^(1|true|yes|on)$/i.test(value);
    else
      found[name] = spec.repeatable ? value.split(/[\s,]+/).filter((each) => each !== "") : value;
  }
  return found;
}
