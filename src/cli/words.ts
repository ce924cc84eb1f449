import yargs from "yargs";
import {
  OPTION_NAMES,
  type OptionName,
  specOf,
  variableOf,
} from "./options.ts";
import { spell } from "./spelling.ts";
import { usage } from "./usage.ts";

/** The options as they were written, by name; not yet understood. */
export type Options = Partial<Record<OptionName, unknown>>;

/** The options of a command line, and those that the environment adds. */
export function readOptions(
  argv: readonly string[],
  env: Record<string, string | undefined>,
): Options {
  const parser = yargs(spell(argv))
    .parserConfiguration({
      "boolean-negation": false,
      "camel-case-expansion": false,
      "dot-notation": false,
      "greedy-arrays": false,
      "parse-numbers": false,
      "parse-positional-numbers": false,
    })
    .config(readVariables(env))
    .exitProcess(false)
    .help(false)
    .version(false)
    .locale("en")
    .fail(false);
  for (const name of OPTION_NAMES) {
    const { alias, value, repeatable } = specOf(name);
    parser.option(name, {
      ...(alias === undefined ? {} : { alias }),
      ...(value === undefined
        ? { type: "boolean" }
        : {
            type: repeatable ? "array" : "string",
            string: true,
            requiresArg: true,
          }),
    });
  }
  let parsed: Record<string, unknown>;
  try {
    parsed = parser.parseSync();
  } catch (error) {
    throw usage(
      `${error instanceof Error ? error.message : String(error)}.`,
      "See --help.",
    );
  }
  const known = new Set([
    "_",
    "$0",
    ...OPTION_NAMES.flatMap((name) => [name, specOf(name).alias ?? name]),
  ]);
  const unknown = Object.keys(parsed).find((name) => !known.has(name));
  if (unknown !== undefined)
    throw usage(
      `${unknown.length > 1 ? "--" : "-"}${unknown} is not an option.`,
      "See --help.",
    );
  const [stray] = parsed["_"] as string[];
  if (stray !== undefined)
    throw usage(`"${stray}" does not belong to any option.`, "See --help.");
  return parsed;
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
