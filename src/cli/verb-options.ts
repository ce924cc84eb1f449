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

/** The verbs that get certificates even if an option says not to. */
const GETTING = ["batch", "renew", "dokku"];

/** The options of one verb. */
export interface VerbOptions {
  /** The options of the command line. */
  argv: Options;
  /** The options of the command line and the environment. */
  options: Options;
  /** The options that the verb does not accept, as the user wrote them. */
  useless: ReadonlyMap<OptionName, string>;
}

/**
 * Environment variables apply to all verbs. So an option that this verb does not accept is no
 * mistake there, unless it is `strict`.
 */
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
 * Notes a mistake for each option that the verb does not accept. If the user wrote no verb, it
 * returns warnings instead: simp_le accepts all options together.
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
        hint: sayOwners(others),
      });
    else if (verb === "revoke") warnings.push(`${written} has no effect with --revoke.`);
    else
      warnings.push(
        `${written} has no effect here. ${sayOwners(others)} Without a command, the program runs ${verb}.`,
      );
  }
  return warnings;
}

function sayOwners(verbs: string): string {
  return `It belongs to the command${verbs.includes(",") ? "s" : ""} ${verbs}.`;
}
