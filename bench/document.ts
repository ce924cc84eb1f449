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

\`npm run bench\` makes this page, in one run on one machine. Every program gets its certificates from the same Pebble over
loopback, one program after another, and answers http-01 on the same port. Pebble keeps its usual Retry-After (3 s for
authorizations, 5 s for orders), refuses no nonce, reuses no authorization, and validates without delay. If there are
several runs, the programs take turns.

**Read the times with care: they hold on loopback only.** Most of lego's and certbot's time here is waiting between two
looks at the CA. With a CA on the internet, every request adds a round trip, and this program sends the requests for one
certificate one after another. For one certificate at a distant CA another program may be faster. Requests, memory and
runs with nothing due do not depend on the distance.

Measured by hand with a relay between the programs and Pebble that adds the round trip (one new account, the median of
three runs that agree within 3 %; not part of \`npm run bench\`):

| Round trip | lego 4.9.1, one name | acme-sidecar, one name | acme-sidecar, 100 names |
| --: | --: | --: | --: |
| 20 ms | 0.33 s | 0.66 s | |
| 50 ms | 0.70 s | 1.13 s | |
| 100 ms | 1.30 s | 1.91 s | 24.9 s |
| 200 ms | 2.50 s | 3.47 s | |

At 100 ms certbot 2.1.0 takes 4.1 s for one name and 34.6 s for 100. 200 certificates take this program 26 s there.

Time is wall time of the whole process. CPU is user and system time. Memory is the peak of one process (\`ru_maxrss\`).
Requests are those in Pebble's log. "x / ours" is the program's time divided by the time in the bold row.

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
    "DIR, PORT, URL, CA and NAME stand for values that differ.\n",
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
  const line = [...settings.map((pair) => pair.join("=")), ...[basename(program), ...rest]].join(
    " ",
  );
  const general = places.reduce((text, [from, to]) => text.replaceAll(from, to), line);
  return general
    .replaceAll(/DIR\/\S+/g, "DIR")
    .replaceAll(/\b\S+\.test\b/g, "NAME")
    .replace(/( -d NAME){2,}/, " -d NAME ...");
}
