import type { OptionSpec } from "./option.ts";
import { ANSWERING_OPTIONS } from "./options/answering.ts";
import { CA_OPTIONS } from "./options/ca.ts";
import { CERTIFICATE_OPTIONS } from "./options/certificate.ts";
import { FILE_OPTIONS } from "./options/files.ts";
import { GONE_OPTIONS, LOOK_OPTIONS, MANY_OPTIONS, MESSAGE_OPTIONS } from "./options/run.ts";

/** The options in the groups of the help. */
export const GROUPS = {
  "The certificate": CERTIFICATE_OPTIONS,
  "The CA and your account": CA_OPTIONS,
  "Answering the CA": ANSWERING_OPTIONS,
  Files: FILE_OPTIONS,
  "Many certificates": MANY_OPTIONS,
  "What is served": LOOK_OPTIONS,
  Messages: MESSAGE_OPTIONS,
} as const;

/** All options, in simp_le's spelling. Users may type hyphens instead of underscores. */
export const OPTIONS = {
  ...CERTIFICATE_OPTIONS,
  ...CA_OPTIONS,
  ...ANSWERING_OPTIONS,
  ...FILE_OPTIONS,
  ...MANY_OPTIONS,
  ...LOOK_OPTIONS,
  ...MESSAGE_OPTIONS,
  ...GONE_OPTIONS,
} as const;

export type OptionName = keyof typeof OPTIONS;
export const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[];

/** Options with their values as the user wrote them, not yet checked. */
export type Options = Partial<Record<OptionName, unknown>>;

/** The options that have a default. */
export type DefaultedOption = {
  [Name in OptionName]: (typeof OPTIONS)[Name] extends { default: unknown } ? Name : never;
}[OptionName];

/** One of an option's `choices`. */
export type Choice<Name extends OptionName> = (typeof OPTIONS)[Name] extends {
  choices: readonly (infer Value)[];
}
  ? Value
  : never;

export function specOf(option: OptionName): OptionSpec {
  return OPTIONS[option];
}

/** Whether a verb accepts an option. */
export function isFor(option: OptionName, verb: string): boolean {
  const { verbs } = specOf(option);
  return verbs === "all" || verbs.includes(verb);
}

/** The verbs of an option as words in a sentence; undefined if all verbs accept it. */
export function verbsOf(option: OptionName): string | undefined {
  const { verbs } = specOf(option);
  return verbs === "all" ? undefined : verbs.join(", ");
}

/** The environment variable that sets an option. */
export function variableOf(option: OptionName): string {
  return `ACME_SIDECAR_${option.toUpperCase()}`;
}

/** What applies without an option, as the help says it; undefined if nothing does. */
export function usualOf(option: OptionName): string | undefined {
  const { default: value, otherwise } = specOf(option);
  const parts = [value ?? [], otherwise ?? []].flat();
  return parts.length === 0 ? undefined : parts.join(", ");
}
