/** A name that failed, and the reason. */
export interface Case {
  name: string;
  text: string;
  /** Cases with different kinds have different causes, whatever the texts. */
  kind?: string;
}

/** The names that failed for one reason. `text` is the reason of the first name. */
export interface Cause {
  text: string;
  names: readonly string[];
}

/** The most names in a list, and the most characters. The first name is always shown. */
const MOST_NAMES = 5;
const LONGEST_LIST = 110;
/** The most causes in a message. */
export const MOST_CAUSES = 3;
/** The characters of a text that are compared, and those that are shown. */
const COMPARED = 2_000;
const SHOWN = 200;

/** A list of names for people: all, or the first ones and how many more there are. */
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

/**
 * Groups failures by cause, the most frequent first. Texts that differ only in names, addresses and
 * identifiers have the same cause.
 */
export function causesOf(cases: readonly Case[]): Cause[] {
  const causes = new Map<string, { text: string; names: string[] }>();
  for (const { name, text, kind = "" } of cases) {
    const key = `${kind} ${essence(text, [name])}`;
    const cause = causes.get(key);
    if (cause === undefined) causes.set(key, { text, names: [name] });
    else cause.names.push(name);
  }
  return [...causes.values()].sort((a, b) => b.names.length - a.names.length);
}

/**
 * The causes in one line, with their names. The number of names comes first, as the end may be cut
 * off.
 */
export function sayCauses(causes: readonly Cause[], show: (name: string) => string): string {
  const told = causes.slice(0, MOST_CAUSES).map(({ text, names }) => {
    const whom = listed(names.map(show));
    return names.length === 1
      ? `${whom}: ${readable(text)}`
      : `${names.length} names: ${readable(text)}: ${whom}`;
  });
  const more = causes.length - told.length;
  return (
    told.join("; ") + (more > 0 ? `; and ${more} more ${more === 1 ? "cause" : "causes"}` : "")
  );
}

/** The parts of a text that differ between names, and their placeholders. The order matters. */
const VARIABLE: readonly [RegExp, string][] = [
  [/\b(https?):\/\/[^\s"'<>]+/gi, "$1 URL"],
  [/\[?[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*\]?(:\d+)?/gi, "ADDRESS"],
  [/\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b/g, "ADDRESS"],
  [/\b[a-z0-9_-]+(\.[a-z0-9_-]+)+(:\d+)?/gi, "NAME"],
  // Tokens, keys and other identifiers. HTTP statuses and counts are shorter.
  [/[\w-]{16,}|\b(?=[a-f]*\d)[0-9a-f]{6,}\b/gi, "ID"],
  [/:\d{2,5}\b/g, ""],
];

/** A text with placeholders for names, addresses and identifiers. */
export function essence(text: string, names: readonly string[]): string {
  const without = names
    .filter((name) => name !== "" && name.length < COMPARED)
    .reduce((rest, name) => rest.replaceAll(wordOf(name), "NAME"), text.slice(0, COMPARED));
  return VARIABLE.reduce((rest, [pattern, word]) => rest.replace(pattern, word), without);
}

/** Matches a name as a whole word. */
function wordOf(name: string): RegExp {
  const literal = name.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  return new RegExp(`(?<![\\w-])${literal}(?![\\w-])`, "gi");
}

/**
 * A CA's text without parts that nobody reads: the challenge's port, path and token, and all but
 * the first words of a quoted page.
 */
export function readable(text: string): string {
  const short = text
    .slice(0, COMPARED)
    .replace(/(:\d+)?\/\.well-known\/acme-challenge\/[\w-]+/g, "/…")
    .replace(/[\w-]{32,}\.[\w-]{32,}/g, "…");
  const type = / \(\w+\)$/.exec(text)?.[0] ?? "";
  return short.length <= SHOWN ? short : `${cut(short, SHOWN - type.length)}${type}`;
}

/** The start of a text that is too long. Cuts between words if possible. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const start = text.slice(0, Math.max(0, length - 1));
  const whole = start.replace(/\s+\S{0,30}$/, "") || start;
  // Do not leave half of a surrogate pair.
  return `${whole.replace(/[\ud800-\udbff]$/, "")}…`;
}
