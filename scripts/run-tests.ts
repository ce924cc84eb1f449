/**
 * Runs test files, or all of them: `npm test [FILE...]`. Files that need the image come first,
 * since they take longest; files that need no tool come last. `npm run test:quick` runs only the
 * last kind.
 */
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { parseArgs } from "node:util";

/** The limit for one test, in milliseconds. */
const PATIENCE = 180_000;
/**
 * Text that shows that a file needs more than Node.js: bats, the image, or the tools of
 * test/support/tools.ts. The slowest comes first.
 */
const SIGNS = [/\brunBats\(/, /\b(?:missingImage|startContainer)\(/, /\b(?:missing|requireTool)\(/];
const NOTHING = SIGNS.length;

const { values, positionals } = parseArgs({
  options: { quick: { type: "boolean", default: false } },
  allowPositionals: true,
});
const known = new Map<string, number>([["test/support/tools.ts", NOTHING]]);
const all = positionals.length > 0 ? positionals : globSync("test/**/*.test.ts").sort();
const files = all
  .map((file) => ({ file, needs: needsOf(normalize(file)) }))
  .filter(({ needs }) => !values.quick || needs === NOTHING)
  .sort((one, other) => one.needs - other.needs)
  .map(({ file }) => file);

process.env["PROGRAM"] ??= "dist/main.js";
// Each file is a process that loads much of the program and starts it many times. They share what
// Node.js has compiled. Coverage is exact only without this cache.
if (process.env["NODE_V8_COVERAGE"] === undefined) {
  const compiled = mkdtempSync(join(tmpdir(), "acme-sidecar-tests-"));
  process.env["NODE_COMPILE_CACHE"] = compiled;
  process.on("exit", () => {
    rmSync(compiled, { recursive: true, force: true });
  });
}
// One more than the number of cores, since many tests wait for a CA.
run({ files, concurrency: availableParallelism() + 1, timeout: PATIENCE })
  .on("test:fail", () => {
    process.exitCode = 1;
  })
  // The report has the order of the files, and the first file takes minutes. So show failures at
  // once.
  .on("test:complete", ({ name, file, details }) => {
    if (!details.passed) console.error(`failed: ${name} (${file ?? ""})`);
  })
  .compose(new spec())
  .pipe(process.stdout);

/** The kind of the first sign in a file, or in the files that it imports from test/. */
function needsOf(file: string): number {
  const found = known.get(file);
  if (found !== undefined) return found;
  known.set(file, NOTHING);
  const text = readFileSync(file, "utf8");
  const imported = [...text.matchAll(/from "(\.[^"]+)"/g)]
    .map(([, path = ""]) => join(dirname(file), path))
    .filter((path) => path.startsWith("test/"));
  const own = SIGNS.findIndex((sign) => sign.test(text));
  const needs = Math.min(own < 0 ? NOTHING : own, ...imported.map(needsOf));
  known.set(file, needs);
  return needs;
}
