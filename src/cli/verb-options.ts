import type { Given } from "./given.ts";
import { isHeeded, OPTION_NAMES, type OptionName, specOf } from "./options.ts";
import type { Verb } from "./verbs.ts";
import { type Options, variableOf } from "./argv.ts";

/** The verbs that would get certificates in spite of an option that says otherwise. */
const GETTING: readonly Verb[] = ["batch", "renew", "dokku"];

/** The options that a verb does something with. */
export interface Heeded {
  /** Those of the command line alone. */
  argv: Options;
  /** With those of the environment. */
  options: Options;
  /** What was given to a verb that does not heed it, as it was written. */
  unheeded: ReadonlyMap<OptionName, string>;
}

/** What a verb heeds. The environment is for all verbs: what it has for others is nobody's mistake. */
export function heededBy(verb: Verb, argv: Options, env: Options): Heeded {
  const unheeded = new Map<OptionName, string>();
  for (const name of OPTION_NAMES) {
    if (isHeeded(name, verb)) continue;
    if (argv[name] !== undefined) unheeded.set(name, `--${name}`);
    else if (specOf(name).strict && env[name] === true && GETTING.includes(verb))
      unheeded.set(name, variableOf(name));
  }
  return {
    argv: only(argv, verb),
    options: only({ ...env, ...argv }, verb),
    unheeded,
  };
}

function only(options: Options, verb: Verb): Options {
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => isHeeded(name as OptionName, verb)),
  );
}

/**
 * Notes each option that the verb does not heed as a mistake; returns what to warn of instead where
 * no verb was written: simp_le takes any option with any other.
 */
export function noteUnheeded(
  { unheeded }: Heeded,
  given: Given,
  { verb, bare }: { verb: Verb; bare: boolean },
): string[] {
  const warnings: string[] = [];
  for (const [option, written] of unheeded) {
    const whose = specOf(option).verbs.join(", ");
    if (!bare)
      given.wrong(undefined, `${written} does not work with ${verb}.`, {
        hint: `It is for ${whose}.`,
      });
    else if (verb === "revoke") warnings.push(`${written} has no effect with --revoke.`);
    else
      warnings.push(
        `${written} has no effect here. It is for ${whose}; without a command, the program runs ${verb}.`,
      );
  }
  return warnings;
}
