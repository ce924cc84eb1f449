import { join, relative, resolve } from "node:path";
import type { Target } from "../core/target.ts";
import { AppError } from "../errors.ts";
import { entryOf } from "../json.ts";
import { type Entry, readEntries, type Spot, type Wrong } from "./entries.ts";
import type { OptionName } from "./options.ts";
import { parseTarget } from "./target.ts";
import { usage } from "./usage.ts";
import { listOf, type Options, textOf } from "./words.ts";

interface Setting {
  /** How the file is called in its errors. */
  file: string;
  /** What the command line says for all targets. */
  options: Options;
  cwd: string;
}

/** What each method is as options, and which options are of use with it alone. */
const METHODS: Record<
  string,
  { sets: Options; own: OptionName[] } | undefined
> = {
  standalone: { sets: {}, own: ["listen"] },
  webroot: { sets: {}, own: ["default_root"] },
  stateless: { sets: { stateless: true }, own: ["stateless"] },
  dns: {
    sets: { dns: "exec" },
    own: ["dns", "dns_exec", "dns_timeout", "dns_wait", "dns_resolvers"],
  },
};

/** Where the accounts are that the targets share, unless --account_dir says so. */
const ACCOUNTS = "accounts";

/** The targets of a file, each with a folder of its own. Throws `usage` with every mistake in it. */
export function parseTargets(text: string, setting: Setting): Target[] {
  const mistakes = new Map<string, number>();
  const wrong: Wrong = ({ line, path }, what) => {
    mistakes.set(`line ${line}${path && `, ${path}`}: ${what}`, line);
  };
  const { defaults, targets } = readEntries(text, wrong);
  for (const key of ["id", "vhost"])
    if (defaults.spots.has(key))
      wrong(
        defaults.spots.get(key) ?? defaults.spot,
        "it belongs to a target.",
      );
  const parsed = targets.map((entry) => ({
    entry,
    target: understand(inherit(entry, defaults, setting), setting, wrong),
  }));
  const { root, accounts } = placesOf(setting);
  checkIds(parsed, relative(root, accounts), wrong);
  if (mistakes.size === 0) return parsed.flatMap(({ target }) => target ?? []);
  const list = [...mistakes]
    .sort(([, a], [, b]) => a - b)
    .map(([mistake]) => mistake);
  throw usage(
    list.length === 1
      ? `${setting.file}, ${list.join("")} Nothing was done.`
      : `${setting.file} has ${list.length} mistakes; nothing was done.\n${list.join("\n")}\n`,
  );
}

/** The folder of the sets, and that of the accounts. */
function placesOf({ options, cwd }: Setting) {
  const root = resolve(cwd, textOf(options, "certs_dir") ?? ".");
  const accounts = textOf(options, "account_dir");
  return {
    root,
    accounts:
      accounts === undefined ? join(root, ACCOUNTS) : resolve(cwd, accounts),
  };
}

/** An entry with what the defaults and the command line say beside it, but no settings of other methods than its own. */
function inherit(entry: Entry, defaults: Entry, { options }: Setting): Entry {
  const { method = defaults.method } = entry;
  const others = Object.entries(METHODS)
    .filter(([name]) => entry.method !== undefined && name !== entry.method)
    .flatMap(([, { own } = { own: [] }]) => own);
  const inherited = without(
    { ...options, ...methodOf(defaults), ...defaults.options },
    others,
  );
  return {
    ...entry,
    method,
    options: { ...inherited, ...methodOf(entry), ...entry.options },
    spots: new Map([...defaults.spots, ...entry.spots]),
  };
}

function without(options: Options, names: readonly OptionName[]): Options {
  return Object.fromEntries(
    Object.entries(options).filter(
      ([name]) => !(names as readonly string[]).includes(name),
    ),
  );
}

function methodOf({ method = "" }: Entry): Options {
  return entryOf(METHODS, method)?.sets ?? {};
}

/** The target that an entry means; every option that cannot be understood is a mistake of its own. */
function understand(
  entry: Entry,
  setting: Setting,
  wrong: Wrong,
): Target | undefined {
  const { spot, spots } = entry;
  if (!isWhole(entry, wrong)) return undefined;
  const { root, accounts } = placesOf(setting);
  const options = { ...entry.options, certs_dir: root, account_dir: accounts };
  const target = parsePatiently(options, setting.cwd, (option, what) => {
    wrong(spots.get(option) ?? spot, what);
  });
  if (target === undefined) return undefined;
  const id = entry.id ?? folderOf(target.id);
  return { ...target, id, keep: { ...target.keep, dir: join(root, id) } };
}

/** Whether an entry has what the rest depends on. */
function isWhole(entry: Entry, wrong: Wrong): boolean {
  const { method, options, spot, spots } = entry;
  if (method !== undefined && !Object.hasOwn(METHODS, method))
    wrong(
      spots.get("method") ?? spot,
      `${method}: there is no such thing. Choose one of ${Object.keys(METHODS).join(", ")}.`,
    );
  else if (!spots.has("vhost")) wrong(spot, "it has no names.");
  else if (method === "webroot" && options.default_root === undefined)
    wrong(spot, "webroot needs root, the folder that the web server serves.");
  else return options.vhost !== undefined;
  return false;
}

/** Reads the options, and without those that were wrong again, so that each is told. */
function parsePatiently(
  options: Options,
  cwd: string,
  wrong: (option: OptionName | "", what: string) => void,
): Target | undefined {
  try {
    return parseTarget(options, cwd);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "usage") throw error;
    const option = optionIn(error.message);
    wrong(option ?? "", whatOf(error));
    const left = option && takeOut(options, option, error.message);
    // What lacks only because something was taken out is no mistake of the file's.
    if (left !== undefined)
      parsePatiently(left, cwd, (next, what) => {
        if (next !== "") wrong(next, what);
      });
    return undefined;
  }
}

/** The option that a message is about. */
function optionIn(message: string): OptionName | undefined {
  const [, short, long] = /^-(?:([df]) |-(\w+) )/.exec(message) ?? [];
  if (short !== undefined) return short === "d" ? "vhost" : "file";
  return long as OptionName | undefined;
}

function whatOf({ message, hint }: AppError): string {
  const what = message.replace(/^(?:-[df]|--\w+) /, "");
  return hint === undefined ? what : `${what} ${hint}`;
}

/** The options without one wrong value of a list, or without the option; undefined when nothing can be said of the rest. */
function takeOut(
  options: Options,
  option: OptionName,
  message: string,
): Options | undefined {
  const list = listOf(options, option);
  const right = list.filter((text) => !message.includes(` ${text}`));
  if (right.length > 0 && right.length < list.length)
    return { ...options, [option]: right };
  return options[option] === undefined || option === "vhost"
    ? undefined
    : without(options, [option]);
}

/** A name as a folder can be called on every system. */
function folderOf(name: string): string {
  return name.replace("*", "_").replaceAll(":", "_");
}

/** Whether every target has an id of its own that a folder can be called by. */
function checkIds(
  parsed: readonly { entry: Entry; target: Target | undefined }[],
  accounts: string,
  wrong: Wrong,
): void {
  const seen = new Map<string, Spot>();
  for (const { entry, target } of parsed) {
    const id = entry.id ?? target?.id;
    if (id === undefined) continue;
    const twin = seen.get(id.toLowerCase());
    const spot = entry.spots.get("id") ?? entry.spot;
    if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/.test(id))
      wrong(spot, `${id}: ${ID}`);
    else if (id === accounts)
      wrong(spot, `${id}: this folder is for the accounts; choose another id.`);
    else if (twin !== undefined)
      wrong(
        spot,
        `${id} is the id of ${twin.path} too; each needs one of its own.`,
      );
    seen.set(id.toLowerCase(), entry.spot);
  }
}

const ID =
  "an id has letters, digits, dots, hyphens and underscores, 100 at most, since a folder is called so.";
