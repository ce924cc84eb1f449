import { type OptionName, type Options, specOf, variableOf } from "./options.ts";

/** Options with a value for each; `true`: only called by their names. */
export type Written = Partial<Record<OptionName, string | true>>;

/** How those who give options call them: on a command line, in a file of targets, as properties of Dokku. */
export interface Dialect {
  /** Whether they have a word for it. */
  knows: (option: OptionName) => boolean;
  /** How they write these, for the sentence that asks for it. */
  write: (words: Written) => string;
  /** How they wrote one that was given, and where. */
  subject: (option: OptionName, value?: string) => string;
}

/** An option as a command line has it. */
export function flagOf(option: OptionName): string {
  const { alias, value } = specOf(option);
  return alias !== undefined && value !== undefined ? `-${alias}` : `--${option}`;
}

/** `argv` are those of the command line, beside which the environment may give others. */
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

/** Where options are written in another way; those that it does not have are as on a command line. */
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

/** A word and the value after it. */
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
