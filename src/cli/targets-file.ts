import { join, relative } from "node:path";
import type { Draft } from "../core/target.ts";
import { suggest } from "../suggest.ts";
import { type Dialect, dialectOf } from "./dialect.ts";
import { type Entry, readEntries, type Note } from "./target-entries.ts";
import { flawOfId, METHODS } from "./targets-schema.ts";
import type { Position } from "./yaml.ts";
import { type Given, givenBy, sentenceOf } from "./given.ts";
import { type OptionName, type Options, specOf } from "./options.ts";
import { parseDir } from "./files.ts";
import { parseTarget } from "./target.ts";
import { usage } from "./usage.ts";

interface FileSetting {
  /** The file's name in error messages. */
  file: string;
  /** The options of the command line and the environment, for all targets. */
  options: Options;
  cwd: string;
  /** How users wrote these options. */
  subject: Dialect["subject"];
}

/** The folder of the accounts that all targets share, unless `--account_dir` names another. */
const ACCOUNTS = "accounts";

/**
 * The targets of a file, each with its own folder. Throws `usage` with every mistake in the file.
 */
export function parseTargets(text: string, setting: FileSetting): Draft[] {
  const inside = new Map<string, number>();
  const note: Note = (position, what) => {
    inside.set(`${sayPlace(position)}: ${what}`, position.line);
  };
  // A mistake on the command line affects every target but is reported once.
  const outside = new Set<string>();
  const { defaults, targets } = readEntries(text, note);
  const parsed = targets.map((one) => {
    const entry = inherit(one, defaults, setting);
    checkWhole(entry, note);
    const given = givenBy(entry.options, {
      cwd: setting.cwd,
      dialect: dialectFor(entry, setting),
      suggest,
    });
    const target = parseEntry(entry, given, setting);
    noteMistakes(entry, given, { note, outside });
    return { entry: one, target };
  });
  const { root, accounts } = placesOf(setting);
  checkIds(parsed, relative(root, accounts), note);
  if (inside.size + outside.size === 0) return parsed.flatMap(({ target }) => target ?? []);
  const list = [...inside].sort(([, a], [, b]) => a - b).map(([mistake]) => mistake);
  throw usage([...outside, ...sayMistakes(setting.file, list)].join("\n"));
}

function sayMistakes(file: string, list: readonly string[]): string[] {
  if (list.length === 0) return [];
  return list.length === 1
    ? [`${file}, ${list.join("")} Nothing was done.`]
    : [`${file} has ${list.length} mistakes; nothing was done.`, ...list];
}

function sayPlace({ line, path }: Position): string {
  return `line ${line}${path && `, ${path}`}`;
}

/** The folder of the sets and the folder of the accounts. */
function placesOf({ options, cwd, subject }: FileSetting) {
  const dialect = dialectOf(() => undefined, subject);
  const given = givenBy(options, { cwd, dialect });
  const root = parseDir(given);
  return { root, accounts: given.path("account_dir") ?? join(root, ACCOUNTS) };
}

/**
 * Adds the defaults and the command line to an entry, except settings of methods that it does not
 * use.
 */
function inherit(entry: Entry, defaults: Entry, setting: FileSetting): Entry {
  const { root, accounts } = placesOf(setting);
  const { method = defaults.method } = entry;
  const inherited = onlyFor(entry.method, {
    ...setting.options,
    ...methodOf(defaults),
    ...defaults.options,
  });
  return {
    ...entry,
    method,
    options: {
      ...{ ...inherited, ...methodOf(entry), ...entry.options },
      ...{ certs_dir: root, account_dir: accounts },
    },
    positions: new Map([...defaults.positions, ...entry.positions]),
  };
}

function onlyFor(method: Entry["method"], options: Options): Options {
  const isOfOther = (name: OptionName) => {
    const { method: own = method } = specOf(name);
    return typeof method === "string" && own !== method;
  };
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => !isOfOther(name as OptionName)),
  );
}

function methodOf({ method }: Entry): Options {
  return typeof method === "string" ? METHODS[method] : {};
}

/** The target of an entry; undefined if its names cannot be read. */
function parseEntry(
  { id: called, method }: Entry,
  given: Given,
  setting: FileSetting,
): Draft | undefined {
  const target = parseTarget(given, method === null ? anyMethod : undefined);
  // A default id comes from the first name, so it is not reliable if a name is wrong.
  if (target === undefined || given.isWrong("vhost")) return undefined;
  const id = called ?? folderOf(target.id);
  const dir = join(placesOf(setting).root, id);
  return { ...target, id, keep: { ...target.keep, dir } };
}

/** If the method is unknown, use one that accepts every kind of name: it adds no mistakes. */
const anyMethod = () => ({ kind: "stateless" }) as const;

/** Notes a setting that must be there, in the entry or in the defaults. */
function checkWhole({ method, options, position }: Entry, note: Note) {
  if (method === "webroot" && options.default_root === undefined)
    note(position, "webroot needs root, the folder that the web server serves.");
}

function noteMistakes(
  { position, positions }: Entry,
  given: Given,
  { note, outside }: { note: Note; outside: Set<string> },
): void {
  for (const mistake of given.mistakes) {
    const { option, value } = mistake;
    const what = [mistake.text, mistake.hint ?? []].flat().join(" ");
    const at = option && positionOf(positions, option);
    if (at !== undefined) note(at, value === undefined ? what : `${value}: ${what}`);
    else if (option !== undefined) outside.add(sentenceOf(mistake, given));
    // The schema has already reported an entry without names.
    else if (positions.has("vhost")) note(position, what);
  }
}

function positionOf(positions: Entry["positions"], option: OptionName): Position | undefined {
  return positions.get(isSaidByMethod(option) ? "method" : option);
}

function isSaidByMethod(option: OptionName): boolean {
  const { key, method } = specOf(option);
  return key === undefined && method !== undefined;
}

/** An option as users write it in a file of targets. */
function writeOne(option: OptionName, value: string | true): string | undefined {
  const { key, method = "" } = specOf(option);
  if (isSaidByMethod(option)) return `method: ${method}`;
  return key === undefined || value === true ? key : `${key}: ${value}`;
}

function dialectFor({ positions }: Entry, { file, subject }: FileSetting): Dialect {
  return dialectOf(writeOne, (option, value) => {
    const position = positionOf(positions, option);
    return position === undefined
      ? subject(option, value)
      : `${file}, ${sayPlace(position)}${value === undefined ? "" : `: ${value}`}`;
  });
}

/** Makes a name usable as a folder on every system. */
function folderOf(name: string): string {
  return name.replace("*", "_").replaceAll(":", "_");
}

/** Notes ids that are not unique or cannot name a folder. */
function checkIds(
  parsed: readonly { entry: Entry; target: Draft | undefined }[],
  accounts: string,
  note: Note,
): void {
  const seen = new Map<string, Position>();
  for (const { entry, target } of parsed) {
    const id = entry.id ?? target?.id;
    if (id === undefined || entry.id === null) continue;
    const twin = seen.get(id.toLowerCase());
    const position = entry.positions.get("id") ?? entry.position;
    const flaw = flawOfId(id);
    if (flaw !== undefined) note(position, flaw);
    else if (id === accounts)
      note(position, `${id}: this folder is for the accounts; choose another id.`);
    else if (twin !== undefined)
      note(position, `${id} is the id of ${twin.path} too; each needs one of its own.`);
    seen.set(id.toLowerCase(), entry.position);
  }
}
