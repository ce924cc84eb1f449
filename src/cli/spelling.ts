import { OPTION_NAMES, OPTIONS, specOf } from "./options.ts";
import { usage } from "./usage.ts";

const SHORT = OPTION_NAMES.flatMap((name) => {
  const { alias, value } = specOf(name);
  return alias !== undefined && value !== undefined ? alias : [];
});
/** A short option and its value in one word, without a sign between them. */
const ATTACHED = new RegExp(`^(-[${SHORT.join("")}])([^=].*)$`, "s");

/** The words of a command line as the table of options spells them; values stay as they are. */
export function spell(argv: readonly string[]): string[] {
  return argv.flatMap((word) => {
    if (word.startsWith("--")) return fullName(word);
    const [, option, value] = ATTACHED.exec(word) ?? [];
    return option === undefined || value === undefined ? word : [option, value];
  });
}

/** simp_le has underscores in its options, most others hyphens; and simp_le takes the beginnings of names. */
function fullName(word: string): string {
  return word.replace(
    /^--([^=]+)/,
    (_all, start: string) => `--${complete(start.replaceAll("-", "_"))}`,
  );
}

/** What is unambiguous among simp_le's options stays so, whatever else begins in the same way. */
function complete(start: string): string {
  if (start in OPTIONS) return start;
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
