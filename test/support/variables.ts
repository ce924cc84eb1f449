import { type OptionName, variableOf } from "../../src/cli/options.ts";

/** Pairs of options and values as variables of the environment, of which every verb takes those that it heeds. */
export function asVariables(words: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (let at = 0; at + 1 < words.length; at += 2) {
    const option = (words[at] ?? "").slice(2).replaceAll("-", "_");
    const name = variableOf(option as OptionName);
    found[name] = [found[name] ?? [], words[at + 1] ?? ""].flat().join(" ");
  }
  return found;
}
