import { type OptionName, type Options, specOf, variableOf } from "./options.ts";

/** Options with their values; `true` stands for the option's name alone. */
export type Written = Partial<Record<OptionName, string | true>>;

/**
 * How users write options: on a command line, in a file of targets, or as properties of Dokku.
 * Messages use it to name options as the user does.
 */
export interface Dialect {
  /** Whether this dialect can express the option. */
  knows: (option: OptionName) => boolean;
  /** The text that a user has to write to set these options. */
  write: (words: Written) => string;
  /** How and where the user wrote an option. */
  subject: (option: OptionName, value?: string) => string;
}

/** An option as users type it on a command line. */
export function flagOf(option: OptionName): string {
  const { alias, value } = specOf(option);
  return alias !== undefined && value !== undefined ? `-${alias}` : `--${option}`;
}

/**
 * The dialect of a command line. `argv` has the typed options; `env` those of environment
 * variables.
 */
export function commandLine(argv: Options, env: Options): Dialect {
  return {
    knows: () => true,
    write: (words) => eachOf(words, asFlag).join(" "),
    subject(option, value) {
      const byVariable = argv[option] === undefined && env[option] !== undefined;
      return byVariable ? after(variableOf(option), value ?? true) : asFlag(option, value);
    },
  };
}

/** Another dialect. Options that it cannot express are written as on a command line. */
export function dialectOf(
  writeOne: (option: OptionName, value: string | true) => string | undefined,
  subject: Dialect["subject"],
): Dialect {
  return {
    knows: (option) => writeOne(option, true) !== undefined,
    write: (words) =>
      eachOf(words, (option, value) => writeOne(option, value) ?? asFlag(option, value)).join(
        " and ",
      ),
    subject,
  };
}

export function asFlag(option: OptionName, value: string | true = true): string {
  return after(flagOf(option), value);
}

export function after(word: string, value: string | true): string {
  return value === true ? word : `${word} ${value}`;
}

function eachOf(
  words: Written,
  writeOne: (option: OptionName, value: string | true) => string,
): string[] {
  const entries = Object.entries(words) as [OptionName, string | true][];
  return entries.map(([option, value]) => writeOne(option, value));
}
