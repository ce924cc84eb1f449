/**
 * Compares this program with others that get certificates. Prints a page in Markdown,
 * and writes it to docs/, with a plot beside it.
 *
 *   --quick       little of everything, without lego's many names; writes nothing
 *   --full        every run of the loops that others need, which takes an hour
 *   --write DIR   where page and plot go [docs, or nowhere with --quick]
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { documentOf } from "./document.ts";
import { judge } from "./goals.ts";
import { plotOf } from "./plot.ts";
import {
  farAway,
  growth,
  manyCertificates,
  manyNames,
  manySets,
  nothingDue,
  oneName,
  type Plan,
  type Scenario,
  startUp,
} from "./scenarios.ts";
import { startBench } from "./setting.ts";
import { NODE } from "./sidecar.ts";

const LONG: Plan = {
  ...{ runs: 5, names: 100, patient: true, certificates: 200, sample: 5 },
  ...{ sets: 1000, growth: [200, 1000, 5000], starts: 21, distances: [20, 100, 250] },
};
const QUICK: Plan = {
  ...{ runs: 1, names: 10, patient: false, certificates: 4, sample: 1 },
  ...{ sets: 20, growth: [4, 8], starts: 3, distances: [100] },
};

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    full: { type: "boolean", default: false },
    write: { type: "string" },
  },
});
const plan = values.quick ? QUICK : LONG;
if (values.full) plan.sample = plan.certificates;
const into = values.write ?? (values.quick ? undefined : "docs");

const root = resolve(import.meta.dirname, "..");
execFileSync(NODE, ["scripts/build.ts"], { cwd: root, stdio: "inherit" });
await using bench = await startBench(join(root, "dist/main.js"), {
  peers: true,
});

const scenarios: Scenario[] = [];
for (const scenario of [
  ...[oneName, manyNames, manyCertificates],
  ...[nothingDue, growth, manySets, startUp],
]) {
  const done = await scenario(bench.setting, plan);
  console.error(`${new Date().toISOString()} ${done.title}: done`);
  scenarios.push(done);
}
for (const roundTrip of plan.distances) {
  await using far = await bench.away(roundTrip);
  scenarios.push(...(await farAway(far, { roundTrip, plan })));
  console.error(`${new Date().toISOString()} ${roundTrip} ms away: done`);
}
const page = documentOf({
  scenarios,
  goals: judge(scenarios, plan),
  cores: availableParallelism(),
  quick: values.quick,
  ...bench,
});
console.log(page);
if (into !== undefined) {
  writeFileSync(resolve(root, into, "bench.md"), page);
  writeFileSync(resolve(root, into, "bench.svg"), plotOf(scenarios));
}
