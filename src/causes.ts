/** One of several that failed, and why. */
export interface Case {
  name: string;
  text: string;
}

/** Why some of them did: in the words of the first, which stand for those about the others. */
export interface Cause {
  text: string;
  names: readonly string[];
}

/** So many names are listed, and no more characters of them; the first stand for all. */
const MOST_NAMES = 5;
const LONGEST_LIST = 110;
/** So many causes are told. */
const MOST_CAUSES = 3;
/** More of a text is not looked at when causes are compared, and less is shown of it. */
const COMPARED = 2_000;
const SHOWN = 200;

/** Names as people read them: all of a few, or the first of them and how many more there are. */
export function listed(names: readonly string[]): string {
  const shown: string[] = [];
  let length = 0;
  for (const name of names.slice(0, MOST_NAMES)) {
    length += name.length + 2;
    if (shown.length > 0 && length > LONGEST_LIST) break;
    shown.push(name);
  }
  const more = names.length - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** The causes of failures, that of the most names first. Texts are equal when only what is each one's own differs. */
export function causesOf(cases: readonly Case[]): Cause[] {
  const causes = new Map<string, { text: string; names: string[] }>();
  for (const { name, text } of cases) {
    const key = essence(text, [name]);
    const cause = causes.get(key);
    if (cause === undefined) causes.set(key, { text, names: [name] });
    else cause.names.push(name);
  }
  return [...causes.values()].sort((a, b) => b.names.length - a.names.length);
}

/** The causes in one line, each once, with whom it concerns: how many first, since the end may be cut off. */
export function sayCauses(causes: readonly Cause[], show: (name: string) => string): string {
  const told = causes.slice(0, MOST_CAUSES).map(({ text, names }) => {
    const whom = listed(names.map(show));
    return names.length === 1
      ? `${whom}: ${readable(text)}`
      : `${names.length} names: ${readable(text)}: ${whom}`;
  });
  const more = causes.length - told.length;
  return told.join("; ") + (more > 0 ? `; and ${more} more causes` : "");
}

/** What is another for each name, beside the name, most telling first. */
const VARIABLE: readonly [RegExp, string][] = [
  [/\b(https?):\/\/[^\s"'<>]+/gi, "$1 URL"],
  [/\[?[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*\]?(:\d+)?/gi, "ADDRESS"],
  [/\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b/g, "ADDRESS"],
  [/\b[a-z0-9_-]+(\.[a-z0-9_-]+)+(:\d+)?/gi, "NAME"],
  // Tokens, keys and other identifiers; statuses and counts are shorter.
  [/[\w-]{16,}|\b(?=[a-f]*\d)[0-9a-f]{6,}\b/gi, "ID"],
  [/:\d{2,5}\b/g, ""],
];

/** What a text says when the names, addresses and identifiers in it are taken out. */
export function essence(text: string, names: readonly string[]): string {
  const without = names
    .filter((name) => name !== "" && name.length < COMPARED)
    .reduce((rest, name) => rest.replaceAll(wordOf(name), "NAME"), text.slice(0, COMPARED));
  return VARIABLE.reduce((rest, [pattern, word]) => rest.replace(pattern, word), without);
}

/** A name where it stands by itself, and is not a part of another word. */
function wordOf(name: string): RegExp {
  const literal = name.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  return new RegExp(`(?<![\\w-])${literal}(?![\\w-])`, "gi");
}

/** A text of a CA without what nobody reads: the challenge's port, path and token, and whatever comes after the first few words of a page. */
export function readable(text: string): string {
  const short = text
    .slice(0, COMPARED)
    .replace(/(:\d+)?\/\.well-known\/acme-challenge\/[\w-]+/g, "/…")
    .replace(/[\w-]{32,}\.[\w-]{32,}/g, "…");
  const type = / \(\w+\)$/.exec(text)?.[0] ?? "";
  return short.length <= SHOWN ? short : `${cut(short, SHOWN - type.length)}${type}`;
}

/** The start of a text that is too long: whole words, as far as there are some. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const start = text.slice(0, Math.max(0, length - 1));
  const whole = start.replace(/\s+\S{0,30}$/, "") || start;
  // Half a character is none.
  return `${whole.replace(/[\ud800-\udbff]$/, "")}…`;
}
