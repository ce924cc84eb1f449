import { Parser } from "yargs/helpers";
import type { AppError } from "../errors.ts";
import { OPTION_NAMES, type OptionName, specOf } from "./options.ts";
import { spell } from "./spelling.ts";
import { usage } from "./usage.ts";

/** The options as they were written, by name; not yet understood. */
export type Options = Partial<Record<OptionName, unknown>>;

/** The options of a command line, and those that the environment adds. */
export function readOptions(
  argv: readonly string[],
  env: Record<string, string | undefined>,
): Options {
  const {
    argv: { _: strays, ...parsed },
    error,
  } = Parser.detailed(spell(argv), GRAMMAR);
  if (error !== null) throw valueless(error);
  const unknown = Object.keys(parsed).find((name) => !KNOWN.has(name));
  if (unknown !== undefined)
    throw usage(
      `${unknown.length > 1 ? "--" : "-"}${unknown} is not an option.`,
      "See --help.",
    );
  const [stray] = strays;
  if (stray !== undefined)
    throw usage(`"${stray}" does not belong to any option.`, "See --help.");
  return { ...readVariables(env), ...(parsed as Options) };
}

/** The parser has one error: for an option without its value, which it names last. */
function valueless({ message }: Error): AppError {
  const name = message.split(" ").at(-1) ?? "";
  const option = name.length > 1 ? `--${name}` : `-${name}`;
  return usage(
    `${option} needs a value.`,
    `Write it after that, or ${option}=VALUE if it begins with a hyphen.`,
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

const KNOWN = new Set<string>(
  OPTION_NAMES.flatMap((name) => [name, specOf(name).alias ?? name]),
);

/** The environment variable that stands for an option. */
export function variableOf(option: OptionName): string {
  return `ACME_SIDECAR_${option.toUpperCase()}`;
}

function readVariables(env: Record<string, string | undefined>): Options {
  const found: Options = {};
  for (const name of OPTION_NAMES) {
    const value = env[variableOf(name)];
    if (value === undefined || value === "") continue;
    const spec = specOf(name);
    if (spec.gone) continue;
    if (spec.value === undefined)
      found[name] = /^(1|true|yes|on)$/i.test(value);
    else
      found[name] = spec.repeatable
        ? value.split(/[\s,]+/).filter((each) => each !== "")
        : value;
  }
  return found;
}

export function textOf(options: Options, name: OptionName): string | undefined {
  const value = options[name];
  // As with simp_le, the last one counts.
  const last: unknown = Array.isArray(value) ? value.at(-1) : value;
  return typeof last === "string" ? last : undefined;
}

export function listOf(options: Options, name: OptionName): string[] {
  const value = options[name];
  return Array.isArray(value) ? value.map(String) : [];
}

export function numberOf(
  options: Options,
  name: OptionName,
): number | undefined {
  const text = textOf(options, name);
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw usage(`--${name} ${text}: a whole number is needed.`);
}
