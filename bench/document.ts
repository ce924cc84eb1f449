import { basename } from "node:path";
import type { Row } from "./compare.ts";
import type { Goal } from "./goals.ts";
import type { Command } from "./measure.ts";
import type { Scenario } from "./scenarios.ts";

export interface Results {
  scenarios: readonly Scenario[];
  goals: readonly Goal[];
  /** Programs, and what they say with --version. */
  versions: readonly (readonly [program: string, version: string])[];
  cores: number;
  /** Less was measured than the aims speak of. */
  quick?: boolean;
  /** Texts of this run's commands, and what is shown in their place. */
  places: readonly (readonly [text: string, shown: string])[];
}

const QUICK =
  "This is the quick form (`--quick`): few runs, few certificates, and aims left open.\n";

const INTRODUCTION = `# Benchmarks

\`npm run bench\` makes this page, in one run on one machine. Every program gets its
certificates from the same Pebble (Retry-After as it has by default: 3 s for
authorizations, 5 s for orders; no nonce is refused, no authorization reused, and it does
not sleep before it validates), and answers http-01 at the same port, one after another.
Where there are several runs, the programs take turns.

Time is that of the whole process on the wall; CPU is user and system; memory is the
most that one process had (\`ru_maxrss\`); requests are those that Pebble's log has.
"x / ours" is x's time divided by that of acme-sidecar's row in bold.

![Time by program](bench.svg)
`;

/** All that was found, as a page in Markdown. */
export function documentOf(results: Results): string {
  const { scenarios, goals, versions, cores, places } = results;
  const programs = versions.map(([name, version]) => `${name} ${version}`);
  return [
    INTRODUCTION,
    ...(results.quick ? [QUICK] : []),
    `Programs: ${programs.join(", ")}. Machine: ${cores} cores.\n`,
    "## What the program aims at\n",
    tableOf([
      ["Aim", "Found", ""],
      ...goals.map(({ aim, found, reached }) => [
        aim,
        found ?? "not measured",
        found === undefined ? "" : reached ? "reached" : "**not reached**",
      ]),
    ]),
    ...scenarios.map(sectionOf),
    "## Commands\n",
    "DIR, PORT, URL, CA and NAME stand for what differs.\n",
    ...scenarios
      .filter(({ rows }) => rows.length > 0)
      .map(({ title, rows }) => {
        const lines = rows.map(({ command }) => shown(command, places));
        const all = [...new Set(lines)].join("\n");
        return `${title}:\n\n\`\`\`sh\n${all}\n\`\`\`\n`;
      }),
  ].join("\n");
}

function sectionOf({ title, notes, rows }: Scenario): string {
  const parts = [`## ${title}\n`, `${notes.join(" ").trim()}\n`];
  if (rows.length > 0) parts.push(measurements(rows));
  return parts.join("\n");
}

function measurements(rows: readonly Row[]): string {
  const ours = rows.find(({ tool }) => tool === "acme-sidecar");
  return tableOf([
    ["Program", "Time", "x / ours", "CPU", "Memory", "Requests", "Runs"],
    ...rows.map((row) => {
      const { wall, cpu, memory, requests } = row.cost;
      return [
        row === ours ? `**${row.name}**` : row.name,
        seconds(wall),
        ours === undefined ? "" : (wall / ours.cost.wall).toFixed(2),
        seconds(cpu),
        `${(memory / 1e6).toFixed(0)} MB`,
        String(Math.round(requests)),
        row.how,
      ];
    }),
  ]);
}

function tableOf([head = [], ...rows]: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  const rule = line(head.map(() => "---"));
  return `${[line(head), rule, ...rows.map(line)].join("\n")}\n`;
}

/** A duration as people read it. */
export function seconds(value: number): string {
  if (value < 1) return `${(value * 1000).toFixed(0)} ms`;
  return `${value.toFixed(value < 100 ? 2 : 0)} s`;
}

/** A command as one would type it. */
function shown(
  { words: [program = "", ...rest], env = {} }: Command,
  places: Results["places"],
): string {
  const settings = Object.entries(env).map(([name, value]) => [name, value]);
  const line = [
    ...settings.map((pair) => pair.join("=")),
    ...[basename(program), ...rest],
  ].join(" ");
  const general = places.reduce(
    (text, [from, to]) => text.replaceAll(from, to),
    line,
  );
  return general
    .replaceAll(/DIR\/\S+/g, "DIR")
    .replaceAll(/\b\S+\.test\b/g, "NAME")
    .replace(/( -d NAME){2,}/, " -d NAME ...");
}
