import { basename } from "node:path";
import type { Row } from "./compare.ts";
import type { Goal } from "./goals.ts";
import type { Command } from "./measure.ts";
import type { Scenario } from "./scenarios.ts";

export interface Results {
  scenarios: readonly Scenario[];
  goals: readonly Goal[];
  /** The programs, with the output of --version. */
  versions: readonly (readonly [program: string, version: string])[];
  cores: number;
  /** The run was too small for the goals. */
  quick?: boolean;
  /** Texts in this run's commands, and what to show instead. */
  places: readonly (readonly [text: string, shown: string])[];
}

const QUICK =
  "This is the quick form (`--quick`): few runs, few certificates, and aims left open.\n";

const INTRODUCTION = `# Benchmarks

\`npm run bench\` makes this page, in one run on one machine. Every program gets its certificates from the same Pebble over
loopback, one program after another, and answers http-01 on the same port. Pebble keeps its usual Retry-After (3 s for
authorizations, 5 s for orders), refuses no nonce, reuses no authorization, and validates without delay. If there are
several runs, the programs take turns.

**Most CAs are 20 to 200 ms away**, so the tables "... ms away" are the ones to look at: there a relay in front of Pebble
adds a round trip to each connection and each request. On loopback, most of lego's and certbot's time is waiting between two
looks at the CA. Requests, memory and runs with nothing due do not depend on the distance.

Time is wall time of the whole process. CPU is user and system time. Memory is the peak of one process (\`ru_maxrss\`).
Requests are those in Pebble's log. "x / ours" is the program's time divided by the time in the bold row.

![Time by program](bench.svg)
`;

/** All results as a page in Markdown. */
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
    "DIR, PORT, URL, CA and NAME stand for values that differ. Far away, URL is the relay's.\n",
    ...scenarios
      .filter(({ rows, away }) => rows.length > 0 && away === undefined)
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

/** A duration for people. */
export function seconds(value: number): string {
  if (value < 1) return `${(value * 1000).toFixed(0)} ms`;
  return `${value.toFixed(value < 100 ? 2 : 0)} s`;
}

/** A command as users type it. */
function shown(
  { words: [program = "", ...rest], env = {} }: Command,
  places: Results["places"],
): string {
  const settings = Object.entries(env).map(([name, value]) => [name, value]);
  const line = [...settings.map((pair) => pair.join("=")), ...[basename(program), ...rest]].join(
    " ",
  );
  const general = places.reduce((text, [from, to]) => text.replaceAll(from, to), line);
  return general
    .replaceAll(/DIR\/\S+/g, "DIR")
    .replaceAll(/\b\S+\.test\b/g, "NAME")
    .replace(/( -d NAME){2,}/, " -d NAME ...");
}
