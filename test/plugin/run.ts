// By hand: node test/plugin/run.ts test/plugin/FILE.bats [--filter REGEX]... runs one file with all that its tests need.
import { runBats } from "./bats.ts";

const [file = "", ...words] = process.argv.slice(2);
const { results, problem } = await runBats(file, { words, patience: 900_000 });
for (const { name, ok, skipped, comments } of results) {
  const state = skipped === undefined ? (ok ? "ok" : "FAILED") : "skipped";
  console.log([`${state}: ${name}`, ...comments].join("\n    "));
}
if (problem !== "") console.error(problem);
process.exitCode = problem === "" && results.every(({ ok }) => ok) ? 0 : 1;
