import { isAlias, isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseDocument } from "yaml";

/** Where something is written: by line, and by path unless it is the file as a whole. */
export interface Position {
  line: number;
  path: string;
}

/** What a text in YAML, or in JSON (which is YAML too), says. */
export interface Yaml {
  /** With underscores in keys, and numbers as they are written, so that 0640 stays what it is. */
  value: unknown;
  /** Where a member is; where the nearest is that it would be in, if there is none. */
  positionOf: (path: readonly PropertyKey[]) => Position;
  /** What is note with it as YAML. */
  errors: { line: number; text: string }[];
}

/** Nothing that is asked for lies deeper; an alias may lead back to where it is. */
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

/** The library shows the place below its message. */
function withoutPlace(text: string): string {
  return `${text.split(/ at line \d|\n/)[0]}.`;
}
