import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { measure } from "../../bench/measure.ts";
import { idsOf, nameOf } from "../../bench/names.ts";
import { documentOf } from "../../bench/document.ts";
import { judge } from "../../bench/goals.ts";
import { plotOf } from "../../bench/plot.ts";
import {
  farAway,
  growth,
  manyCertificates,
  manyNames,
  manySets,
  nothingDue,
  oneName,
  type Scenario,
  startUp,
} from "../../bench/scenarios.ts";
import { copySets } from "../../bench/sets.ts";
import { type Bench, startBench } from "../../bench/setting.ts";
import { MAIN } from "../support/cli.ts";
import { missing } from "../support/tools.ts";

const PLAN = {
  ...{ runs: 1, names: 3, patient: false, certificates: 2, sample: 1 },
  ...{ sets: 3, growth: [1, 2], starts: 1, distances: [5] },
};

test("a program is measured with what it had started", async () => {
  const words = ["sh", "-c", "sleep 0.2; exit 3"];
  const { wall, cpu, memory } = await measure({ words, codes: [3] });
  assert.ok(wall > 0.2 && wall < 5, `${wall} s`);
  assert.ok(cpu < wall);
  assert.ok(memory > 1e6);
  await assert.rejects(measure({ words }), /ended with 3/);
});

describe("the benchmark", { skip: missing("pebble") }, () => {
  let bench: Bench;
  before(async () => {
    bench = await startBench(MAIN, { peers: false });
  });
  after(async () => {
    await bench[Symbol.asyncDispose]();
  });

  test("measures all scenarios without peers, and shows them", async () => {
    const scenarios: Scenario[] = [];
    for (const scenario of [
      ...[oneName, manyNames, manyCertificates],
      ...[nothingDue, growth, manySets, startUp],
    ])
      scenarios.push(await scenario(bench.setting, PLAN));
    await using far = await bench.away(5);
    scenarios.push(...(await farAway(far, { roundTrip: 5, plan: PLAN })));

    const requests = (id: Scenario["id"]) =>
      scenarios.find((one) => one.id === id)?.rows[0]?.cost.requests ?? NaN;
    assert.ok(requests("one") >= 8);
    assert.ok(requests("many") >= requests("one") + 4);
    assert.ok(requests("batch") >= 18);
    assert.equal(requests("idle"), 0);

    const goals = judge(scenarios, PLAN);
    const found = goals.filter((goal) => goal.found !== undefined);
    assert.deepEqual(
      found.map(({ aim }) => aim.split(":")[0]),
      ["nothing due for one certificate"],
    );
    const page = documentOf({ scenarios, goals, cores: 1, ...bench });
    for (const { title } of scenarios) assert.ok(page.includes(`## ${title}`));
    assert.doesNotMatch(page, /\/tmp\/|localhost:\d|NaN|undefined/);
    const plot = plotOf(scenarios);
    assert.match(plot, /^<svg [^>]*>[^]*<\/svg>\n$/);
    assert.doesNotMatch(plot, /NaN|undefined/);
  });

  test("copies of a set have nothing due", async () => {
    const { ours, dir } = bench.setting;
    const [template = "", ...ids] = idsOf(3);
    await measure(await ours.issue([nameOf(template)]));
    const folderOf = (id: string) => join(dir, "copies", id);
    mkdirSync(join(dir, "copies"));
    const from = { dir: ours.folderOf(nameOf(template)), id: template };
    await copySets(from, ids, folderOf);
    for (const id of ids) {
      const idle = { ...ours.idle(nameOf(template)), cwd: folderOf(id) };
      const words = idle.words.with(-1, nameOf(id));
      const { requests } = await bench.setting.ca.counting(() => measure({ ...idle, words }));
      assert.equal(requests, 0);
    }
  });
});
