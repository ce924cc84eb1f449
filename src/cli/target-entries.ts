import { isRecord } from "../json.ts";
import type { MethodName } from "./option.ts";
import { type OptionName, type Options, specOf } from "./options.ts";
import { flawsIn, OPTION_OF } from "./targets-schema.ts";
import { readYaml, type Position, type Yaml } from "./yaml.ts";

/** One entry of a file of targets, with its values as options that are not yet checked. */
export interface Entry {
  position: Position;
  /** Null means that it is there but unusable, as for any option. */
  id: string | null | undefined;
  method: MethodName | null | undefined;
  options: Options;
  /** Where each of these is written. */
  positions: Map<"id" | "method" | OptionName, Position>;
}

export type Note = (position: Position, what: string) => void;

/**
 * Reads a file of targets: the mapping `defaults` and the list `targets`. It checks the schema
 * only, not what the values mean.
 */
export function readEntries(text: string, note: Note): { defaults: Entry; targets: Entry[] } {
  const yaml = readYaml(text);
  for (const { line, text: what } of yaml.errors) note({ line, path: "" }, what);
  const { value } = yaml;
  const useless = new Set<string>();
  if (yaml.errors.length === 0)
    for (const { path, text: what } of flawsIn(value)) {
      const position = yaml.positionOf(path);
      note(position, what);
      useless.add(position.path);
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
    ...{ position: yaml.positionOf(path), id: undefined, method: undefined },
    ...{ options: {}, positions: new Map() },
  };
  for (const [key, value] of Object.entries(isRecord(written) ? written : {})) {
    const position = yaml.positionOf([...path, key]);
    const usable = useless.has(position.path) ? null : value;
    const option = OPTION_OF.get(key);
    if (option !== undefined) {
      const { repeatable } = specOf(option);
      entry.options[option] = repeatable && usable !== null ? [usable].flat() : usable;
      entry.positions.set(option, position);
    } else if (key === "id" || key === "method") {
      // The schema has checked the types of these values.
      if (key === "id") entry.id = usable as string | null;
      else entry.method = usable as MethodName | null;
      entry.positions.set(key, position);
    }
  }
  return entry;
}
