import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
} from "yaml";
import { type OptionName, specOf } from "./options.ts";
import type { Options } from "./argv.ts";

/** Where something is written: by line, and by path unless it is the file as a whole. */
export interface Spot {
  line: number;
  path: string;
}

/** One entry of a file of targets: its words as options, not yet understood. */
export interface Entry {
  spot: Spot;
  id: string | undefined;
  method: string | undefined;
  options: Options;
  spots: Map<string, Spot>;
}

/** Notes one mistake. */
export type Wrong = (spot: Spot, what: string) => void;

/** The keys of a target and of `defaults` that are not called as the option they stand for. */
const RENAMED: Record<string, OptionName> = {
  names: "vhost",
  key: "key_type",
  formats: "file",
  mode: "key_mode",
  root: "default_root",
};
const AS_OPTION: readonly OptionName[] = [
  ...(["email", "server", "eab_kid", "eab_hmac_key"] as const),
  ...(["eab_hmac_key_file", "profile", "preferred_profile"] as const),
  ...(["valid_min", "next_run", "reuse_key", "cert_key_size"] as const),
  ...(["account_key_size", "use_alt_chain", "preferred_chain"] as const),
  ...(["listen", "dns_exec", "dns_timeout", "dns_wait"] as const),
  ...(["dns_resolvers", "owner", "pkcs12_password_file"] as const),
];
/** The option that each key stands for. */
export const KEYS = new Map<string, OptionName>([
  ...Object.entries(RENAMED),
  ...AS_OPTION.map((name) => [name, name] as const),
]);

/** The key that stands for an option, where there is one. */
export function keyOf(option: OptionName): string | undefined {
  return [...KEYS].find(([, name]) => name === option)?.[0];
}

/**
 * Reads a file of targets, YAML or JSON (which is YAML too): `defaults`, a mapping, and
 * `targets`, a list of such. Only what it says is read, not what it means.
 */
export function readEntries(text: string, wrong: Wrong): { defaults: Entry; targets: Entry[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const reader = readerOf(document, lines, wrong);
  for (const { pos, message } of document.errors)
    wrong({ line: lines.linePos(pos[0]).line, path: "" }, firstLine(message));
  const members = new Map(document.errors.length > 0 ? [] : reader.pairs(document.contents, ""));
  for (const key of members.keys())
    if (key !== "defaults" && key !== "targets")
      wrong(reader.spot(members.get(key), key), "it is neither defaults nor targets.");
  const defaults = reader.entry(members.get("defaults"), "defaults");
  const list = members.get("targets");
  if (isSeq<ParsedNode>(list) && list.items.length > 0)
    return {
      defaults,
      targets: list.items.map((item, index) =>
        reader.entry(reader.follow(item), `targets[${index}]`),
      ),
    };
  if (document.errors.length === 0) wrong(reader.spot(list, ""), "there is no list of targets.");
  return { defaults, targets: [] };
}

type Value = ParsedNode | null | undefined;

function readerOf(document: Document.Parsed, lines: LineCounter, wrong: Wrong) {
  const follow = (node: Value): Value => (isAlias(node) ? (node.resolve(document) as Value) : node);
  const spot = (node: Value, path: string): Spot => ({
    line: node ? lines.linePos(node.range[0]).line : 1,
    path,
  });

  /** The members of a mapping, with underscores in their keys. */
  function pairs(node: Value, path: string): [string, Value][] {
    if (!isMap<ParsedNode, Value>(node)) {
      wrong(spot(node, path), "it is not a mapping of keys to values.");
      return [];
    }
    return node.items.map(({ key, value }) => [
      (textOf(key) ?? "").replaceAll("-", "_"),
      follow(value),
    ]);
  }

  function entry(node: Value, path: string): Entry {
    const found: Entry = {
      ...{ spot: spot(node, path), id: undefined, method: undefined },
      ...{ options: {}, spots: new Map() },
    };
    if (node === undefined) return found;
    for (const [key, value] of pairs(node, path)) {
      const at = spot(value ?? node, `${path}.${key}`);
      const option = KEYS.get(key);
      found.spots.set(option ?? key, at);
      if (option !== undefined) {
        // Given, but of no use: it counts as wrong and not as missing.
        found.options[option] = words(option, value) ?? null;
        if (found.options[option] === null) wrong(at, wanted(option));
      } else if (key === "id" || key === "method") {
        found[key] = textOf(value);
        if (found[key] === undefined) wrong(at, "a text is needed.");
      } else wrong(at, UNKNOWN_KEY);
    }
    return found;
  }

  /** The value as the command line has it; undefined for one of another kind. */
  function words(option: OptionName, value: Value): unknown {
    const { value: taken, repeatable } = specOf(option);
    if (taken === undefined)
      return isScalar(value) && typeof value.value === "boolean" ? value.value : undefined;
    if (!repeatable) return textOf(value);
    const items = isSeq<ParsedNode>(value) ? value.items : [value];
    const texts = items.map((item) => textOf(follow(item)));
    return texts.length > 0 && texts.every((text) => text !== undefined) ? texts : undefined;
  }

  return { follow, spot, pairs, entry };
}

const UNKNOWN_KEY = `there is no such key. The keys are id, method, ${[...KEYS.keys()].join(", ")}.`;

function wanted(option: OptionName): string {
  const { value, repeatable } = specOf(option);
  if (value === undefined) return "true or false is needed.";
  return repeatable ? "a text or a list of texts is needed." : "a text or a number is needed.";
}

/** A scalar as it is written, so that 0640 stays what it is; undefined for everything else. */
function textOf(node: Value): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined;
  return typeof node.value === "string" ? node.value : node.source;
}

/** The library shows the place below its message. */
function firstLine(text: string): string {
  return `${text.split(/ at line \d|\n/)[0]}.`;
}
