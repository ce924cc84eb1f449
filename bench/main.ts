/**
 * Compares this program with others that get certificates. Writes the results after each scenario,
 * as docs/bench.json, and from that the page docs/bench.md with the plot docs/bench.svg. Results of
 * parts that are not measured now stay.
 *
 *   --quick          little of everything; writes nothing
 *   --full           every run of the loops that others need, which takes an hour
 *   --only PART      one, many, batch, growth, start or http2; may be given more than once
 *   --distance MS    only with this round trip; 0 is loopback; may be given more than once
 *   --write DIR      where the results go [docs, or nowhere with --quick]
 *   --document       measures nothing; writes page and plot from the results
 */
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { PART_NAMES, partsOf, runPart } from "./parts.ts";
import { merged, readResults, resultOf, writeResults } from "./results.ts";
import type { Plan } from "./scenarios.ts";
import { NODE } from "./sidecar.ts";

const LONG: Plan = {
  ...{ runs: 5, peerRuns: 3, names: 100, certificates: 200, sample: 3, sets: 1000 },
  ...{ growth: [200, 1000, 5000], starts: 21, distances: [0, 20, 50, 100, 200], peersAt: 100 },
};
const QUICK: Plan = {
  ...{ runs: 1, peerRuns: 1, names: 10, certificates: 4, sample: 1, sets: 20 },
  ...{ growth: [4, 8], starts: 3, distances: [0, 100], peersAt: 100 },
};

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    full: { type: "boolean", default: false },
    document: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    distance: { type: "string", multiple: true },
    write: { type: "string" },
  },
});
const plan = { ...(values.quick ? QUICK : LONG) };
if (values.full) plan.sample = plan.certificates;
const distances = values.distance?.map(Number);
const unknown = values.only?.find((name) => !PART_NAMES.some((one) => one === name));
if (unknown !== undefined) throw new Error(`--only ${unknown}: take ${PART_NAMES.join(", ")}`);
if (distances?.some((one) => !(one >= 0))) throw new Error("--distance takes milliseconds");

const root = resolve(import.meta.dirname, "..");
const into = values.write ?? (values.quick ? undefined : "docs");
const dir = into === undefined ? undefined : resolve(root, into);
let results = dir === undefined ? [] : readResults(dir);

if (!values.document) {
  if (!run("scripts/setup", "bench")) console.error("going on with the programs that there are");
  if (!run(NODE, "scripts/build.ts")) throw new Error("the program cannot be built");
  process.env["NODE_ENV"] = "production";
  if (!run(NODE, "scripts/warm.ts")) throw new Error("the program cannot be compiled");
  const options = { main: join(root, "dist/start.js"), peers: true };
  const parts = partsOf(plan, { only: values.only, distances });
  for (const [index, part] of parts.entries()) {
    const done = await runPart(part, {
      ...{ plan, options },
      say: (line) => {
        console.error(`${new Date().toISOString()} ${index + 1}/${parts.length} ${line}`);
      },
      save(scenario, bench) {
        const result = resultOf(scenario, {
          date: new Date().toISOString().slice(0, 10),
          versions: bench.versions(),
          cores: availableParallelism(),
          places: bench.places,
        });
        results = merged(results, result);
        if (dir !== undefined) writeResults(dir, results);
        else console.log(JSON.stringify(result, undefined, 2));
      },
    });
    if (!done) process.exitCode = 1;
  }
} else if (dir !== undefined) {
  writeResults(dir, results);
}

function run(program: string, ...args: string[]): boolean {
  const { status } = spawnSync(program, args, { cwd: root, stdio: "inherit" });
  return status === 0;
}
