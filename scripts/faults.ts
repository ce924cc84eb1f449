/**
 * Runs the long form of the sweeps in test/faults/, and writes docs/reliability.md: `npm run faults
 * [FILE...]`. With files, only their rows are replaced. SEED=n repeats a run.
 */
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import type { Tally } from "../test/faults/tally.ts";

const words = process.argv.slice(2);
const files = words.length > 0 ? words : globSync("test/faults/*.test.ts");
const dir = mkdtempSync(join(tmpdir(), "acme-sidecar-faults-"));
const { status } = spawnSync(process.execPath, ["--test", "--test-concurrency=2", ...files], {
  stdio: "inherit",
  env: { ...process.env, FAULTS: "long", FAULTS_DIR: dir },
});
const PAGE = "docs/reliability.md";
const tallies = globSync(join(dir, "*.json")).map(
  (file) => JSON.parse(readFileSync(file, "utf8")) as Tally,
);
const rows = new Map(
  [...(words.length > 0 ? written() : []), ...tallies].map((tally) => [tally.fault, tally]),
);
if (status === 0)
  writeFileSync(PAGE, page([...rows.values()].sort((a, b) => (a.fault < b.fault ? -1 : 1))));
process.exitCode = status ?? 1;

/** The rows of the current page. */
function written(): Tally[] {
  const row = /^\| (.+) \| (\d+) \| (\d+) \| (\d+) \|$/gm;
  return [...readFileSync(PAGE, "utf8").matchAll(row)].map(([, fault = "", ...counts]) => {
    const [tried = 0, survived = 0, lost = 0] = counts.map(Number);
    return { fault, tried, survived, lost };
  });
}

function page(rows: readonly Tally[]): string {
  const cells = [
    ["Fault", "Tried", "Survived", "Lost"],
    ["---", "--:", "--:", "--:"],
    ...rows.map(({ fault, tried, survived, lost }) => [
      fault,
      ...[tried, survived, lost].map(String),
    ]),
  ];
  return `# Reliability

\`npm run faults\` wrote this page, on ${availableParallelism()} cores with Node.js ${process.version}.

- Tried: how often we made the fault happen.
- Survived: how many of these runs succeeded, or ended with one clear error, and needed no repair by hand.
- Lost: how many of these runs lost or damaged a certificate, a key or an account.

CI runs a shorter form of every row.

${cells.map((row) => `| ${row.join(" | ")} |`).join("\n")}
`;
}
