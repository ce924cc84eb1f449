import type { Goal } from "./goals.ts";
import type { Result, ResultRow } from "./results.ts";
import type { Id } from "./scenarios.ts";

const INTRODUCTION = `# Benchmarks

\`npm run bench\` makes this page on one machine, in about twenty minutes. Every program gets its certificates from the same
Pebble, one program after another, and answers http-01 on the same port. Pebble keeps its usual Retry-After (3 s for
authorizations, 5 s for orders), refuses no nonce, reuses no authorization, and validates without delay. If there are
several runs, the programs take turns.

**Most CAs are 20 to 200 ms away.** So look at these columns first. There a relay in front of Pebble adds a round trip to
each connection and each request. With 0 ms, Pebble is on loopback: most of lego's and certbot's time there is waiting
between two looks at the CA. Requests, memory and runs with nothing due do not depend on the distance.

Pebble can lock itself up for good if it looks for an authorization to reuse while others are fetched. It reuses none here, so
\`scripts/setup bench\` builds a Pebble that does not look for any; the cost is that it is one line away from the released one.
If a Pebble falls silent nevertheless, the measurement is discarded and made again, twice at most.

"lego (newest)" is the newest release, built without its DNS providers and with a plain log. "caddy" is the newest Caddy, from
its start until it has stored the certificates.

Time is wall time of the whole process. CPU is user and system time. Memory is the peak of one process (\`ru_maxrss\`).
Requests are those in Pebble's log. "x / ours" is the program's time divided by the time in the bold row.

![Time by round trip](bench.svg)
`;

const OURS = "acme-sidecar";
/** Scenarios that are measured at several distances. */
const BY_DISTANCE: readonly Id[] = ["one", "fresh", "many", "batch"];

/** All results as a page in Markdown. */
export function documentOf(results: readonly Result[], goals: readonly Goal[]): string {
  return [
    INTRODUCTION,
    "## Time by round trip\n",
    ...BY_DISTANCE.flatMap((id) => byDistance(results.filter((one) => one.id === id))),
    "## What the program aims at\n",
    tableOf([
      ["Aim", "Found", ""],
      ...goals.map(({ aim, found, reached }) => [
        aim,
        found ?? "not measured",
        found === undefined ? "" : reached ? "reached" : "**not reached**",
      ]),
    ]),
    ...results.map(sectionOf),
    "## Commands\n",
    "DIR, PORT, URL, CA and NAME stand for values that differ. Far away, URL is the relay's.\n",
    ...results
      .filter(({ rows, away, id }) => rows.length > 0 && (away === 0 || id === "h2"))
      .map(({ title, rows }) => {
        const all = [...new Set(rows.map(({ command }) => command))].join("\n");
        return `${title}:\n\n\`\`\`sh\n${all}\n\`\`\`\n`;
      }),
  ].join("\n");
}

/** One table: the time of each program at each distance. */
function byDistance(results: readonly Result[]): string[] {
  const [first] = results;
  if (first === undefined) return [];
  const names = [...new Set(results.flatMap(({ rows }) => rows.map(({ name }) => name)))];
  return [
    `${first.title}:\n`,
    tableOf([
      ["Program", ...results.map(({ away }) => `${away} ms`)],
      ...names.map((name) => [
        name === OURS ? `**${name}**` : name,
        ...results.map(({ rows }) => {
          const row = rows.find((one) => one.name === name);
          if (row === undefined) return "";
          return seconds(row.cost.wall) + (isScaled(row) ? " (scaled)" : "");
        }),
      ]),
    ]),
  ];
}

const isScaled = ({ how }: ResultRow) => how.endsWith("scaled");

function sectionOf({ title, away, notes, rows, ...from }: Result): string {
  const { date, versions, cores } = from;
  const where = away === 0 ? "" : `, ${away} ms away`;
  const programs = Object.entries(versions).map((pair) => pair.join(" "));
  const parts = [
    `## ${title}${where}\n`,
    `${notes.join(" ").trim()}\n`,
    ...(rows.length > 0 ? [measurements(rows)] : []),
    `${date}, ${cores} cores: ${programs.join(", ")}.\n`,
  ];
  return parts.join("\n");
}

function measurements(rows: readonly ResultRow[]): string {
  const base = rows.find(({ tool }) => tool === OURS) ?? rows[0];
  const each = rows.some(({ certificates }) => certificates !== undefined);
  return tableOf([
    [
      ...["Program", "Time", ...(each ? ["Time for each", "Requests for each"] : ["x / ours"])],
      ...["CPU", "Memory", "Requests", "Runs"],
    ],
    ...rows.map((row) => {
      const { wall, cpu, memory, requests } = row.cost;
      const { certificates = 1 } = row;
      return [
        row === base && !each ? `**${row.name}**` : row.name,
        seconds(wall),
        ...(each
          ? [
              `${((wall / certificates) * 1000).toFixed(1)} ms`,
              (requests / certificates).toFixed(2),
            ]
          : [base === undefined ? "" : (wall / base.cost.wall).toFixed(2)]),
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
