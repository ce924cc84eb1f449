import { DIRECTORIES } from "../../acme/authorities.ts";
import { FORMAT_NAMES } from "../../store/formats.ts";
import { DNS_PROVIDERS } from "../dns.ts";
import { isFor, OPTION_NAMES, type OptionName, specOf } from "../options.ts";
import { EVERY_OPTION } from "../parse.ts";
import { type Verb, VERB_NAMES, verbOf } from "../verbs.ts";

/** What a word may be: one of these words, a file, a folder, or something that nobody can list. */
export type Value = readonly string[] | "file" | "folder" | "any";

/** Words that an option takes besides others, or that are in another table. */
const KNOWN: Partial<Record<OptionName, readonly string[]>> = {
  server: Object.keys(DIRECTORIES),
  file: FORMAT_NAMES,
  dns: DNS_PROVIDERS,
};

/** The commands that people type. */
export const TYPED: readonly Verb[] = VERB_NAMES.filter((verb) => verbOf(verb).internal !== true);

/** The first words of commands, and those that may follow each. */
export const FIRST = new Map<string, string[]>();
for (const verb of TYPED) {
  const [first = "", second] = verb.split(" ");
  FIRST.set(first, [...(FIRST.get(first) ?? []), second ?? []].flat());
}

/** The words after `help`. */
export const TOPICS: readonly string[] = [...FIRST.keys(), EVERY_OPTION];

/** The options of a command, in the order of the help. */
export function optionsOf(verb: Verb): OptionName[] {
  return OPTION_NAMES.filter((name) => !specOf(name).gone && isFor(name, verb));
}

/** What the value of an option may be; undefined for a switch. */
export function valueOf(name: OptionName): Value | undefined {
  const { value, choices } = specOf(name);
  if (value === undefined) return undefined;
  return choices ?? KNOWN[name] ?? meant(value);
}

/** What the word after a command may be; undefined if there is none. */
export function operandOf(verb: Verb): Value | undefined {
  const { operand } = verbOf(verb);
  return operand && meant(operand.called.replace(/^\[(.*)\]$/, "$1"));
}

/** What stands for a placeholder of the help. */
function meant(placeholder: string): Value {
  if (/^[a-z|]+$/.test(placeholder)) return placeholder.split("|");
  if (/^(?:FILE|PROGRAM)$/.test(placeholder)) return "file";
  return /^(?:DIR|ROOT)$/.test(placeholder) ? "folder" : "any";
}
