import type { Given } from "./given.ts";
import {
  isFor,
  OPTION_NAMES,
  type OptionName,
  type Options,
  specOf,
  variableOf,
  verbsOf,
} from "./options.ts";

/** The verbs that would get certificates in spite of an option that says otherwise. */
const GETTING = ["batch", "renew", "dokku"];

/** The options that a verb goes by. */
export interface VerbOptions {
  /** Those of the command line alone. */
  argv: Options;
  /** With those of the environment. */
  options: Options;
  /** What was given to a verb that it is not for, as it was written. */
  useless: ReadonlyMap<OptionName, string>;
}

/** The environment is for all verbs: what it has for others is nobody's mistake. */
export function optionsFor(verb: string, argv: Options, env: Options): VerbOptions {
  const useless = new Map<OptionName, string>();
  for (const name of OPTION_NAMES) {
    if (isFor(name, verb)) continue;
    if (argv[name] !== undefined) useless.set(name, `--${name}`);
    else if (specOf(name).strict && env[name] === true && GETTING.includes(verb))
      useless.set(name, variableOf(name));
  }
  return { argv: only(argv, verb), options: only({ ...env, ...argv }, verb), useless };
}

function only(options: Options, verb: string): Options {
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => isFor(name as OptionName, verb)),
  );
}

/**
 * Notes each option that is not for the verb as a mistake; returns what to warn of instead where
 * no verb was written: simp_le takes any option with any other.
 */
export function noteUseless(
  { useless }: VerbOptions,
  given: Given,
  { verb, bare }: { verb: string; bare: boolean },
): string[] {
  const warnings: string[] = [];
  for (const [option, written] of useless) {
    const others = verbsOf(option) ?? "";
    if (!bare)
      given.wrong(undefined, `${written} does not work with ${verb}.`, {
        hint: `It is for ${others}.`,
      });
    else if (verb === "revoke") warnings.push(`${written} has no effect with --revoke.`);
    else
      warnings.push(
        `${written} has no effect here. It is for ${others}; without a command, the program runs ${verb}.`,
      );
  }
  return warnings;
}
