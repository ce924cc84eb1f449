import { resolve } from "node:path";
import type { AppError } from "../errors.ts";
import type { Suggest } from "../suggest.ts";
import type { Dialect } from "./dialect.ts";
import { type DefaultedOption, type OptionName, type Options, specOf } from "./options.ts";
import { usage, withGuess } from "./usage.ts";

export interface Mistake {
  /**
   * The option with the wrong value, or that lacks another option; undefined if no single option is
   * at fault.
   */
  option: OptionName | undefined;
  /** The wrong value; never a secret. */
  value: string | undefined;
  /**
   * What is wrong: the rest of a sentence that begins with the option; without an option, a whole
   * sentence.
   */
  text: string;
  hint: string | undefined;
}

/** The value of an option. Options with a default always have one. */
type Read<Option extends OptionName, Value> = Option extends DefaultedOption
  ? Value
  : Value | undefined;

/**
 * Reads options one by one. An option that was not given has its default. A wrong value is noted
 * and treated as if it had not been given, so that one run reports every mistake.
 */
export interface Given extends Dialect {
  cwd: string;
  mistakes: readonly Mistake[];
  /** Whether the option was given, even with a wrong value. */
  has: (option: OptionName) => boolean;
  isWrong: (option: OptionName) => boolean;
  flag: (option: OptionName) => boolean;
  text: <Option extends OptionName>(option: Option) => Read<Option, string>;
  list: (option: OptionName) => string[];
  /** A whole number. Anything else is noted as a mistake. */
  number: <Option extends OptionName>(option: Option) => Read<Option, number>;
  /** An absolute path. */
  path: (option: OptionName) => string | undefined;
  wrong: (
    option: OptionName | undefined,
    text: string,
    more?: { value?: string | undefined; hint?: string | undefined },
  ) => void;
  /** Notes a value that is not one of the known ones. `more` replaces the usual sentences. */
  unknown: (
    option: OptionName,
    value: string,
    known: readonly string[],
    more?: { text: string; hint: string },
  ) => void;
}

export function givenBy(
  options: Options,
  { cwd, dialect, suggest }: { cwd: string; dialect: Dialect; suggest?: Suggest | undefined },
): Given {
  const mistakes: Mistake[] = [];
  const has = (option: OptionName) => {
    const value = options[option];
    return Array.isArray(value) ? value.length > 0 : value !== undefined;
  };
  const valueOf = (option: OptionName) =>
    (has(option) ? options[option] : undefined) ?? specOf(option).default;
  const text = (option: OptionName) => {
    const value = valueOf(option);
    // As in simp_le, the last value wins.
    const last: unknown = Array.isArray(value) ? value.at(-1) : value;
    return typeof last === "string" ? last : undefined;
  };
  const list = (option: OptionName) => {
    const value = valueOf(option);
    return Array.isArray(value) ? value.map(String) : [];
  };
  const number = (option: OptionName) => {
    const usual = specOf(option).default;
    const otherwise = typeof usual === "number" ? usual : undefined;
    const value = text(option);
    if (value === undefined) return otherwise;
    if (/^\d{1,15}$/.test(value)) return Number(value);
    wrong(option, "a whole number is needed.", { value });
    return otherwise;
  };
  const wrong: Given["wrong"] = (option, what, { value, hint } = {}) => {
    mistakes.push({ option, value, text: what, hint });
  };
  return {
    ...dialect,
    ...{ cwd, mistakes, has, list, wrong },
    // The table guarantees the defaults that these types promise.
    text: text as Given["text"],
    number: number as Given["number"],
    isWrong: (option) => mistakes.some((each) => each.option === option),
    flag: (option) => options[option] === true,
    path(option) {
      const value = text(option);
      return value === undefined ? undefined : resolve(cwd, value);
    },
    unknown(option, value, known, more) {
      const { text, hint } = more ?? {
        text: "this value is unknown.",
        hint: `Choose one of ${known.join(", ")}.`,
      };
      wrong(option, text, { value, hint: withGuess(suggest?.(value, known), hint) });
    },
  };
}

/** Reads the options. Throws `usage` with every mistake, one on each line. */
export function understand<T>(given: Given, read: (given: Given) => T | undefined): T {
  const value = read(given);
  if (value === undefined || given.mistakes.length > 0) throw refusal(given, "\n");
  return value;
}

/** One error for all mistakes. */
export function refusal(given: Given, separator: string): AppError {
  const [first, ...others] = given.mistakes;
  if (first !== undefined && others.length === 0) {
    const { hint, ...mistake } = first;
    return usage(sentenceOf({ ...mistake, hint: undefined }, given), hint);
  }
  const sentences = given.mistakes.map((each) => sentenceOf(each, given));
  return usage(sentences.join(separator));
}

/** The sentence that reports a mistake. */
export function sentenceOf({ option, value, text, hint }: Mistake, { subject }: Dialect): string {
  const about = option && `${subject(option, value)}: `;
  return [`${about ?? ""}${text}`, hint ?? []].flat().join(" ");
}
