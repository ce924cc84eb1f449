import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Row } from "./compare.ts";
import { documentOf } from "./document.ts";
import { judge } from "./goals.ts";
import type { Command } from "./measure.ts";
import { plotOf } from "./plot.ts";
import type { Id, Scenario } from "./scenarios.ts";

/** A scenario as it is kept, with how it came about. Nothing in it is about one machine's folders. */
export interface Result extends Omit<Scenario, "rows"> {
  /** The day, as 2026-01-31. */
  date: string;
  /** The programs that were compared. */
  versions: Record<string, string>;
  cores: number;
  rows: readonly ResultRow[];
}

export interface ResultRow extends Omit<Row, "command"> {
  /** The command as users type it. */
  command: string;
}

/** Texts in commands, and what to show instead. */
export type Places = readonly (readonly [text: string, shown: string])[];

interface Circumstances {
  date: string;
  versions: Record<string, string>;
  cores: number;
  places: Places;
}

const ORDER: readonly Id[] = [
  ...(["one", "fresh", "many", "batch", "growth", "idle", "sets", "start", "h2"] as const),
];

export function resultOf({ rows, ...scenario }: Scenario, given: Circumstances): Result {
  const { date, versions, cores, places } = given;
  const programs = [...new Set(rows.map(({ tool }) => tool.replace(/ --version$/, "")))];
  const among = (name: string) => name === "Node.js" || programs.includes(name);
  return {
    ...scenario,
    date,
    versions: Object.fromEntries(Object.entries(versions).filter(([name]) => among(name))),
    cores,
    rows: rows.map((row) => ({ ...row, command: shown(row.command, places) })),
  };
}

/** The results with a new one, instead of an older one for the same scenario at the same distance. */
export function merged(results: readonly Result[], one: Result): Result[] {
  const others = results.filter(({ id, away }) => id !== one.id || away !== one.away);
  const rank = ({ id, away }: Result) => ORDER.indexOf(id) * 1e6 + away;
  return [...others, one].sort((a, b) => rank(a) - rank(b));
}

/** The results that a folder has, of this run and of earlier ones. */
export function readResults(dir: string): Result[] {
  const file = join(dir, FILE);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Result[]) : [];
}

/** Writes the results, and the page and the plot that show them. */
export function writeResults(dir: string, results: readonly Result[]): void {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, FILE), `${JSON.stringify(results, undefined, 2)}\n`);
  writeFileSync(join(dir, "bench.md"), documentOf(results, judge(results)));
  writeFileSync(join(dir, "bench.svg"), plotOf(results));
}

const FILE = "bench.json";

function shown({ words: [program = "", ...rest], env = {} }: Command, places: Places): string {
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const line = [...settings, basename(program), ...rest].join(" ");
  return places
    .reduce((text, [from, to]) => text.replaceAll(from, to), line)
    .replaceAll(/DIR\/\S+/g, "DIR")
    .replaceAll(/\b\S+\.test\b/g, "NAME")
    .replace(/( -d NAME){2,}/, " -d NAME ...");
}
