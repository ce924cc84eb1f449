import { isAlias, isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseDocument } from "yaml";

/** Where a value is written. The path is empty for the file as a whole. */
export interface Position {
  line: number;
  path: string;
}

/** The contents of a YAML text. JSON is YAML too. */
export interface Yaml {
  /** The value. Keys have underscores. Numbers stay text, so that 0640 keeps its zero. */
  value: unknown;
  /** The place of a member; if there is none, the place of the nearest parent. */
  positionOf: (path: readonly PropertyKey[]) => Position;
  /** Syntax errors. */
  errors: { line: number; text: string }[];
}

/** No valid file is deeper. The limit also ends an alias that contains itself. */
const DEEPEST = 5;

type Value = ParsedNode | null | undefined;

export function readYaml(text: string): Yaml {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  const lineAt = (offset: number) => counter.linePos(offset).line;
  const lines = new Map<string, number>();

  const plain = (written: Value, path: readonly PropertyKey[], above: number): unknown => {
    const node = isAlias(written) ? (written.resolve(document) as Value) : written;
    const line = node ? lineAt(node.range[0]) : above;
    lines.set(sayPath(path), line);
    if (isScalar(node)) return typeof node.value === "number" ? node.source : node.value;
    if (path.length >= DEEPEST) return null;
    if (isSeq<ParsedNode>(node))
      return node.items.map((item, index) => plain(item, [...path, index], line));
    if (!isMap<ParsedNode, Value>(node)) return null;
    return Object.fromEntries(
      node.items.map(({ key, value }) => {
        const name = keyIn(key);
        return [name, plain(value, [...path, name], line)];
      }),
    );
  };

  return {
    value: plain(document.contents, [], 1),
    positionOf(path) {
      for (let length = path.length; length > 0; length -= 1) {
        const known = sayPath(path.slice(0, length));
        const line = lines.get(known);
        if (line !== undefined) return { line, path: known };
      }
      return { line: lines.get("") ?? 1, path: "" };
    },
    errors: document.errors.map(({ pos, message }) => ({
      line: lineAt(pos[0]),
      text: withoutPlace(message),
    })),
  };
}

function keyIn(key: ParsedNode): string {
  const text = isScalar(key) ? (typeof key.value === "string" ? key.value : key.source) : "";
  return text.replaceAll("-", "_");
}

function sayPath(path: readonly PropertyKey[]): string {
  return path
    .map((each) => (typeof each === "number" ? `[${each}]` : `.${String(each)}`))
    .join("")
    .replace(/^\./, "");
}

/** The library adds the place to its message. */
function withoutPlace(text: string): string {
  return `${text.split(/ at line \d|\n/)[0]}.`;
}
