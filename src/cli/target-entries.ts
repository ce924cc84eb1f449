import { isRecord } from "../json.ts";
import type { MethodName } from "./option.ts";
import { type OptionName, type Options, specOf } from "./options.ts";
import { flawsIn, OPTION_OF } from "./targets-schema.ts";
import { readYaml, type Spot, type Yaml } from "./yaml.ts";

/** One entry of a file of targets: its words as options, not yet understood. */
export interface Entry {
  spot: Spot;
  /** Null, as of any option: it is there, and of no use. */
  id: string | null | undefined;
  method: MethodName | null | undefined;
  options: Options;
  /** Where each of these is. */
  spots: Map<"id" | "method" | OptionName, Spot>;
}

/** Notes one mistake. */
export type Wrong = (spot: Spot, what: string) => void;

/**
 * Reads a file of targets: `defaults`, a mapping, and `targets`, a list of such. Only what it says is read,
 * not what it means.
 */
export function readEntries(text: string, wrong: Wrong): { defaults: Entry; targets: Entry[] } {
  const yaml = readYaml(text);
  for (const { line, text: what } of yaml.errors) wrong({ line, path: "" }, what);
  const { value } = yaml;
  const useless = new Set<string>();
  if (yaml.errors.length === 0)
    for (const { path, text: what } of flawsIn(value)) {
      const spot = yaml.spotOf(path);
      wrong(spot, what);
      useless.add(spot.path);
    }
  const { defaults, targets } = isRecord(value) && yaml.errors.length === 0 ? value : {};
  const read = (entry: unknown, path: PropertyKey[]) => readEntry(entry, { yaml, path, useless });
  return {
    defaults: read(defaults, ["defaults"]),
    targets: Array.isArray(targets)
      ? targets.map((entry, index) => read(entry, ["targets", index]))
      : [],
  };
}

function readEntry(
  written: unknown,
  { yaml, path, useless }: { yaml: Yaml; path: PropertyKey[]; useless: ReadonlySet<string> },
): Entry {
  const entry: Entry = {
    ...{ spot: yaml.spotOf(path), id: undefined, method: undefined },
    ...{ options: {}, spots: new Map() },
  };
  for (const [key, value] of Object.entries(isRecord(written) ? written : {})) {
    const spot = yaml.spotOf([...path, key]);
    const usable = useless.has(spot.path) ? null : value;
    const option = OPTION_OF.get(key);
    if (option !== undefined) {
      const { repeatable } = specOf(option);
      entry.options[option] = repeatable && usable !== null ? [usable].flat() : usable;
      entry.spots.set(option, spot);
    } else if (key === "id" || key === "method") {
      // The schema has seen to it that these are what they are to be.
      if (key === "id") entry.id = usable as string | null;
      else entry.method = usable as MethodName | null;
      entry.spots.set(key, spot);
    }
  }
  return entry;
}
