import { OPTION_NAMES, type OptionName, OPTIONS, specOf } from "./options.ts";
import { usage } from "./usage.ts";

/** Short options, and whether they take a value. */
const SHORT = new Map(
  OPTION_NAMES.flatMap((name) => {
    const { alias, value } = specOf(name);
    return alias === undefined ? [] : [[alias, value !== undefined] as const];
  }),
);

/** The words of a command line as the table of options spells them; values stay as they are. */
export function spell(argv: readonly string[]): string[] {
  return argv.flatMap((word) => (word.startsWith("--") ? fullName(word) : apart(word)));
}

/** simp_le has underscores in its options, most others hyphens; and simp_le takes the beginnings of names. */
function fullName(word: string): string {
  const [, start, value] = /^--([^=]+)(=.*)?$/s.exec(word) ?? [];
  if (start === undefined) return word;
  const name = complete(start.replaceAll("-", "_"));
  const spec = Object.hasOwn(OPTIONS, name) ? specOf(name as OptionName) : undefined;
  if (spec !== undefined && spec.value === undefined && value !== undefined)
    throw usage(`--${name} takes no value.`, `Write --${name} alone.`);
  return `--${name}${value ?? ""}`;
}

/** Several short options in one word, the last perhaps with its value, as `-vdexample.com`. */
function apart(word: string): string[] {
  const takesValue = SHORT.get(word.charAt(1));
  if (!word.startsWith("-") || takesValue === undefined || word.length === 2) return [word];
  const option = word.slice(0, 2);
  const rest = word.slice(2);
  if (takesValue) return [option, rest.replace(/^=/, "")];
  return [option, ...apart(`-${rest}`)];
}

/** What is unambiguous among simp_le's options stays so, whatever else begins in the same way. */
function complete(start: string): string {
  if (Object.hasOwn(OPTIONS, start)) return start;
  const found = OPTION_NAMES.filter((name) => name.startsWith(start));
  const simple = found.filter((name) => !specOf(name).isNew);
  const [only, ...others] = simple.length === 1 ? simple : found;
  if (others.length > 0)
    throw usage(
      `--${start} may mean ${found.map((name) => `--${name}`).join(", ")}.`,
      "Write more of it.",
    );
  return only ?? start;
}
