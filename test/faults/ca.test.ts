import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test, type TestContext } from "node:test";
import { startCli } from "../support/cli.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { certsDir, type Certs, type Site, site } from "../support/simp_le.ts";
import { tempDir } from "../support/temp.ts";
import { missing } from "../support/tools.ts";
import { chains } from "./bad-chains.ts";
import { floods, nonces, redirects, refusals, silences } from "./bad-answers.ts";
import { shapes } from "./bad-shapes.ts";
import { drawFrom, type Family, type Wrong } from "./draw.ts";
import { contentsOf, flawsOfRun, type Judged, lossesIn } from "./judge.ts";
import { randomOf, tell, times } from "./tally.ts";

/** The rows of docs/reliability.md, and how great a part of the runs each has. */
const FAMILIES: Record<string, { family: Family; share: number }> = {
  "CA: nonces": { family: nonces, share: 2 },
  "CA: 5xx and 429": { family: refusals, share: 3 },
  "CA: resets and hangs": { family: silences, share: 3 },
  "CA: malformed answers": { family: shapes, share: 5 },
  "CA: wrong certificates and chains": { family: chains, share: 3 },
  "CA: huge or slow bodies": { family: floods, share: 2 },
  "CA: redirects": { family: redirects, share: 2 },
};
const SHARES = Object.entries(FAMILIES).flatMap(([row, { share }]) =>
  Array<string>(share).fill(row),
);

const RUNS = times(40, 1000);
const WORKERS = 3;
/** The program's own clock goes so many times as fast: 30 s for a request are 1.5 s. */
const FAST = 20;
/**
 * In milliseconds of that clock: two waits of five minutes, for the verdict and for the certificate, and
 * for each of three faults three tries of 30 s with a pause of 10 s at most after each.
 */
const DEADLINE = (2 * 300 + 3 * 3 * (30 + 10)) * 1000;

interface Plan {
  row: string;
  families: Family[];
  /** What decides about everything else. */
  numbers: number[];
  fresh: boolean;
  json: boolean;
}

function planOf(random: () => number): Plan {
  const draw = drawFrom(random);
  const rows = Array.from({ length: draw.of([1, 1, 1, 2, 3]) }, () => draw.of(SHARES));
  return {
    row: rows[0] ?? "",
    families: rows.flatMap((row) => FAMILIES[row]?.family ?? []),
    numbers: Array.from({ length: 50 }, random),
    fresh: draw.below(2) === 0,
    json: draw.below(3) > 0,
  };
}

/** A place that takes one run after another. */
interface Bench extends AsyncDisposable {
  site: Site;
  run(dir: string, json: boolean, ...words: string[]): Promise<Judged>;
}

async function bench(pebble: Pebble): Promise<Bench> {
  await using stack = new AsyncDisposableStack();
  const here = stack.use(await site(pebble));
  const temp = stack.use(tempDir());
  const peak = join(temp.path, "peak");
  const fixture = join(import.meta.dirname, "../fixtures/fast-clock.ts");
  const env = {
    NODE_OPTIONS: `--import=${fixture}`,
    FAST: `${FAST}`,
    PEAK: peak,
  };
  const all = stack.move();
  return {
    site: here,
    async run(cwd, json, ...words) {
      const form = json ? ["--log_format", "json"] : [];
      const args = [...here.options, "-d", here.name, ...form, ...words];
      await using child = await startCli(args, { cwd, env });
      const guard = setTimeout(() => {
        child.kill("SIGKILL");
      }, DEADLINE / FAST);
      const { code, signal } = await child.exited;
      clearTimeout(guard);
      const memory = signal === null ? Number(readFileSync(peak, "utf8")) : 0;
      const [stdout, stderr] = [child.stdout(), child.stderr()];
      return { code, signal, stdout, stderr, json, peak: memory };
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

interface Verdict {
  row: string;
  survived: boolean;
  lost: boolean;
  /** What was done, what came of it and what is wrong with that. */
  story: string;
}

describe("a CA that answers badly", { skip: missing("pebble") }, () => {
  let pebble: Pebble;
  let roots: X509Certificate[];
  before(async () => {
    pebble = await startPebble();
    roots = (await pebble.roots()).map((pem) => new X509Certificate(pem));
  });
  after(() => pebble[Symbol.asyncDispose]());

  test("ends every run in success or in one error that says what to do, and costs no certificate", async (t) => {
    const random = randomOf(t);
    const plans = Array.from({ length: RUNS }, () => planOf(random));
    const verdicts: Verdict[] = [];
    await Promise.all(
      Array.from({ length: WORKERS }, async () => {
        await using here = await bench(pebble);
        const first = await here.run(here.site.certs.path, false);
        assert.equal(first.code, 0, first.stderr);
        for (let plan = plans.shift(); plan; plan = plans.shift())
          verdicts.push(await tried(plan, here));
      }),
    );
    report(t, verdicts);
  });

  /** One run, and another one without faults after it when it has failed. */
  async function tried(plan: Plan, here: Bench): Promise<Verdict> {
    const { recorder, name, certs } = here.site;
    await using own = plan.fresh ? certsDir() : undefined;
    const { path }: Certs = own ?? certs;
    const draw = drawFrom(() => plan.numbers.shift() ?? 0);
    const wrongs = plan.families.map((family) => family(draw, recorder));
    const injections = wrongs.flatMap(({ rules }) => rules.map((rule) => recorder.inject(rule)));
    const before = contentsOf(path);
    const judge = (run: Judged) => ({
      flaws: flawsOfRun(run),
      losses: lossesIn({ before, after: contentsOf(path), code: run.code }, [name], roots),
    });
    const run = await here.run(path, plan.json, "--force");
    const { flaws, losses } = judge(run);
    const hits = injections.map((injection) => injection.hits());
    for (const injection of injections) injection.remove();
    recorder.requests.length = 0;
    const due = expected(wrongs, hits);
    if (due !== undefined && run.code !== due)
      flaws.push(`exit code ${String(run.code)} instead of ${due}`);
    if (run.code !== 0) {
      const again = await here.run(path, false, "--force");
      const healed = judge(again);
      if (again.code !== 0) losses.push("the next run fails too");
      flaws.push(...healed.flaws.map((flaw) => `then ${flaw}`));
      losses.push(...healed.losses.map((loss) => `then ${loss}`));
    }
    const what = wrongs.map((wrong, at) => `${wrong.what} (${hits[at] ?? 0})`);
    const problems = [...losses, ...flaws];
    return {
      row: plan.row,
      survived: problems.length === 0,
      lost: losses.length > 0,
      story: `${problems.join(", ")}: ${what.join(" & ")}${plan.fresh ? ", fresh" : ""}\n${shortened(run.stderr)}`,
    };
  }
});

/** The last lines of an output, each by its start. */
const shortened = (output: string) =>
  output
    .trimEnd()
    .split("\n")
    .slice(-3)
    .map((line) => `  ${line.slice(0, 500)}\n`)
    .join("");

/** The exit code that faults lead to, where that is clear. */
function expected(wrongs: readonly Wrong[], hits: readonly number[]): 0 | 2 | undefined {
  if (hits.every((count) => count === 0)) return 0;
  return wrongs.length === 1 ? wrongs[0]?.ends : undefined;
}

function report(t: TestContext, verdicts: readonly Verdict[]): void {
  for (const fault of Object.keys(FAMILIES)) {
    const rows = verdicts.filter(({ row }) => row === fault);
    const survived = rows.filter((verdict) => verdict.survived).length;
    const lost = rows.filter((verdict) => verdict.lost).length;
    tell(t, { fault, tried: rows.length, survived, lost });
  }
  const bad = verdicts.filter(({ survived }) => !survived);
  assert.equal(bad.length, 0, bad.map(({ story }) => story).join("\n\n"));
}
