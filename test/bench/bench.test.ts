import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { watched } from "../../bench/ca.ts";
import { compare, type Cost, scaled } from "../../bench/compare.ts";
import { documentOf } from "../../bench/document.ts";
import { judge } from "../../bench/goals.ts";
import { measure } from "../../bench/measure.ts";
import { idsOf, nameOf } from "../../bench/names.ts";
import { PART_NAMES, partsOf, runPart } from "../../bench/parts.ts";
import { plotOf } from "../../bench/plot.ts";
import {
  merged,
  readResults,
  type Result,
  resultOf,
  type ResultRow,
  writeResults,
} from "../../bench/results.ts";
import { type Id, oneName, type Plan } from "../../bench/scenarios.ts";
import { copySets } from "../../bench/sets.ts";
import { type Bench, startBench } from "../../bench/setting.ts";
import { MAIN } from "../support/cli.ts";
import { tempDir } from "../support/temp.ts";
import { missing } from "../support/tools.ts";

const PLAN: Plan = {
  ...{ runs: 1, peerRuns: 1, names: 3, certificates: 2, sample: 1, sets: 3 },
  ...{ growth: [1, 2], starts: 1, distances: [0, 5], peersAt: 5 },
};
const DAY = "2026-01-31";

/** What a program took, in milliseconds. */
function row(name: string, milliseconds: number, more: Partial<Cost> = {}): ResultRow {
  const cost = { wall: milliseconds / 1000, cpu: 0.1, memory: 60e6, requests: 9, ...more };
  return { name, tool: name, how: "one run", command: `${name} -d NAME`, cost };
}

function result(id: Id, away: number, rows: ResultRow[], count = 1): Result {
  const versions = { "acme-sidecar": "9.8.7", "lego (Debian)": "4.9.1" };
  return {
    ...{ id, away, count, rows, versions, cores: 2, date: DAY },
    title: `The scenario ${id}`,
    notes: ["A note."],
  };
}

/** Whether a goal is reached, and what was found; by the beginning of its aim. */
function goal(results: Result[], aim: string) {
  const found = judge(results).filter((one) => one.aim.startsWith(aim));
  assert.equal(found.length, 1, aim);
  return { found: found[0]?.found, reached: found[0]?.reached };
}

describe("measure", () => {
  test("a program is measured with what it had started", async () => {
    const words = ["sh", "-c", "sleep 0.2; exit 3"];
    const { wall, cpu, memory } = await measure({ words, codes: [3] });
    assert.ok(wall > 0.2 && wall < 5, `${wall} s`);
    assert.ok(cpu < wall);
    assert.ok(memory > 1e6);
    await assert.rejects(measure({ words }), /ended with 3/);
  });

  test("a server is ended when all its files are there", async () => {
    await using temp = tempDir();
    const until = ["one", "two"].map((name) => join(temp.path, name));
    const words = ["sh", "-c", `touch ${until.join(" ")}; exec sleep 100`];
    const { wall } = await measure({ words, until });
    assert.ok(wall < 50, `${wall} s`);
    const early = ["sh", "-c", "exit 4"];
    await assert.rejects(measure({ words: early, until: [join(temp.path, "none")] }), /with 4/);
  });

  test("a signal ends a program with its reason", async () => {
    const end = new AbortController();
    const measured = measure({ words: ["sleep", "100"] }, end.signal);
    end.abort(new Error("the CA is silent"));
    await assert.rejects(measured, /the CA is silent/);
  });
});

test("a CA that does not answer any more is ended", async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const killed: string[] = [];
  const pebble = {
    ...{ managementUrl: `http://127.0.0.1:${port}`, caFile: import.meta.filename },
    kill: (signal: string) => void killed.push(signal),
  };
  using watch = watched(pebble, { every: 5, patience: 50 });
  if (!watch.silent.aborted) await once(watch.silent, "abort");
  assert.match(String(watch.silent.reason), /has not answered/);
  assert.deepEqual(killed, ["SIGQUIT"]);
  server.close();
  for (const socket of sockets) socket.destroy();
});

describe("results", () => {
  test("replace those of the same scenario at the same distance, in the order of the page", () => {
    const [old, far, start] = [
      result("one", 0, []),
      result("one", 100, []),
      result("start", 0, []),
    ];
    const all = [far, start, old].reduce<Result[]>(merged, []);
    assert.deepEqual(all, [old, far, start]);
    const newer = { ...old, date: "2026-02-01" };
    assert.deepEqual(merged(all, newer), [newer, far, start]);
  });

  test("are written with the page and the plot, and read again", async () => {
    await using temp = tempDir();
    const dir = join(temp.path, "new");
    assert.deepEqual(readResults(dir), []);
    const results = [result("one", 0, [row("acme-sidecar", 200)])];
    writeResults(dir, results);
    assert.deepEqual(readResults(dir), results);
    assert.match(readFileSync(join(dir, "bench.md"), "utf8"), /^# Benchmarks/);
    assert.ok(existsSync(join(dir, "bench.svg")));
  });

  test("show commands without folders, ports and names", () => {
    const words = ["/usr/bin/lego", "--path", "/tmp/x/lego", "-d", "a.test", "-d", "b.test"];
    const { rows, versions } = resultOf(
      {
        ...{ id: "one", away: 0, count: 1, title: "One", notes: [] },
        rows: [{ ...row("lego (Debian)", 1), command: { words, env: { A: "https://x:1/dir" } } }],
      },
      {
        ...{ date: DAY, cores: 2, versions: { "lego (Debian)": "4", certbot: "2" } },
        places: [
          ["https://x:1/dir", "URL"],
          ["/tmp/x", "DIR"],
        ],
      },
    );
    assert.equal(rows[0]?.command, "A=URL lego --path DIR -d NAME ...");
    assert.deepEqual(versions, { "lego (Debian)": "4" });
  });
});

describe("the page", () => {
  const results = [
    result("one", 0, [row("acme-sidecar", 200), row("lego (Debian)", 5600)]),
    result("one", 100, [
      row("acme-sidecar", 1000),
      { ...row("lego (Debian)", 1300), how: "5 of 200, scaled" },
    ]),
    result("growth", 0, [
      { ...row("200 certificates", 4000, { requests: 1410 }), certificates: 200 },
    ]),
  ];

  test("has the times by distance, and says which are scaled", () => {
    const page = documentOf(results, []);
    const table = page.slice(page.indexOf("## Time by round trip"), page.indexOf("## What"));
    assert.ok(table.includes("| Program | 0 ms | 100 ms |"));
    assert.ok(table.includes("| **acme-sidecar** | 200 ms | 1.00 s |"));
    assert.ok(table.includes("| lego (Debian) | 5.60 s | 1.30 s (scaled) |"));
  });

  test("has day and versions below each table", () => {
    const page = documentOf(results, []);
    assert.ok(page.includes("## The scenario one, 100 ms away\n\nA note.\n"));
    const line = `${DAY}, 2 cores: acme-sidecar 9.8.7, lego (Debian) 4.9.1.`;
    assert.equal(page.split(line).length - 1, results.length);
    assert.ok(page.includes("| lego (Debian) | 5.60 s | 28.00 | 100 ms | 60 MB | 9 | one run |"));
  });

  test("has the cost for each certificate where they grow in number", () => {
    const page = documentOf(results, []);
    assert.ok(page.includes("| 200 certificates | 4.00 s | 20.0 ms | 7.05 |"));
  });

  test("says which goals are reached", () => {
    const goals = [
      { aim: "small", found: "7", reached: true },
      { aim: "fast", found: "8", reached: false },
      { aim: "far", found: undefined, reached: false },
    ];
    const page = documentOf([], goals);
    assert.ok(page.includes("| small | 7 | reached |"));
    assert.ok(page.includes("| fast | 8 | **not reached** |"));
    assert.ok(page.includes("| far | not measured |  |"));
  });

  test("has a plot with a line for each program and a logarithmic axis", () => {
    const plot = plotOf(results);
    assert.match(plot, /^<svg [^>]*>[^]*<\/svg>\n$/);
    assert.doesNotMatch(plot, /NaN|undefined|Infinity/);
    const groups = /<g class="t(\d)">\n<polyline points="([^"]*)"/g;
    const lines = new Map(
      [...plot.matchAll(groups)].map(([, tool, points = ""]) => [
        tool,
        points.split(" ").map((point) => Number(point.split(",")[1])),
      ]),
    );
    const [ours = [], lego = []] = [lines.get("0"), lines.get("1")];
    assert.equal(lines.size, 2);
    const y = (line: number[], at: number) => line[at] ?? NaN;
    const decade = (y(ours, 0) - y(ours, 1)) / Math.log10(5);
    assert.ok(Math.abs(y(ours, 0) - y(lego, 0) - decade * Math.log10(28)) < 0.5);
    assert.doesNotMatch(plotOf([]), /NaN|undefined|Infinity/);
  });
});

describe("goals", () => {
  const ours = (milliseconds: number, more?: Partial<Cost>) =>
    row("acme-sidecar", milliseconds, more);
  const aim = "one name, new account, 50 ms away";

  test("are about every lego", () => {
    const legos = [row("lego (Debian)", 1300), row("lego (newest)", 1200)];
    assert.deepEqual(goal([result("fresh", 50, [ours(1000), ...legos])], aim), {
      found: "1.30 times lego (Debian), 1.20 times lego (newest)",
      reached: false,
    });
    assert.equal(goal([result("fresh", 50, [ours(960), ...legos])], aim).reached, true);
  });

  test("are open where nothing was measured, or too little", () => {
    const open = { found: undefined, reached: false };
    assert.deepEqual(goal([], aim), open);
    assert.deepEqual(goal([result("fresh", 50, [ours(1)])], aim), open);
    assert.deepEqual(goal([result("fresh", 100, [ours(1), row("lego (Debian)", 9)])], aim), open);
    const few = result("batch", 100, [ours(1)], 199);
    assert.deepEqual(goal([few], "200 certificates, 100 ms away"), open);
  });

  test("compare with every other program, but not with other ways of this one", () => {
    const rows = [ours(1000), row("acme-sidecar without --valid_min", 900), row("certbot", 9000)];
    const aimed = "100 names, 100 ms away: faster";
    assert.deepEqual(goal([result("many", 100, rows, 100)], aimed), {
      found: "9.00 times certbot",
      reached: true,
    });
  });

  test("are about the cost of each certificate, and memory", () => {
    const grown = (each: number) =>
      result(
        "growth",
        0,
        [row("200 certificates", 200 * 10), row("5000 certificates", 5000 * each)],
        5000,
      );
    const cost = "5,000 certificates: at most 1.2 times";
    assert.deepEqual(goal([grown(11)], cost), { found: "1.10 times", reached: true });
    assert.deepEqual(goal([grown(13)], cost), { found: "1.30 times", reached: false });
    assert.deepEqual(goal([grown(11)], "5,000 certificates: 250 MB"), {
      found: "60 MB",
      reached: true,
    });
  });

  test("are about requests", () => {
    const with9 = result("fresh", 0, [ours(1)]);
    const with10 = result("fresh", 0, [ours(1, { requests: 10 })]);
    assert.deepEqual(goal([with9], "one name: 9 requests"), { found: "9", reached: true });
    assert.deepEqual(goal([with10], "one name: 9 requests"), { found: "10", reached: false });
  });
});

test("a part can be measured alone, where it is measured at all", () => {
  const chosen = (...given: Parameters<typeof partsOf>) =>
    partsOf(...given).map(({ name, roundTrip }) => `${name} ${roundTrip}`);
  assert.deepEqual(chosen(PLAN, { only: ["growth"] }), ["growth 0"]);
  assert.deepEqual(chosen(PLAN, { only: ["one"], distances: [70] }), ["one 70"]);
  assert.deepEqual(chosen(PLAN, { only: ["http2"] }), ["http2 5"]);
  assert.equal(new Set(partsOf(PLAN, {}).map(({ name }) => name)).size, PART_NAMES.length);
});

describe("the benchmark", { skip: missing("pebble") }, () => {
  const options = { main: MAIN, peers: false };
  let bench: Bench;
  before(async () => {
    bench = await startBench(0, options);
  });
  after(async () => {
    await bench[Symbol.asyncDispose]();
  });

  test("measures all parts without peers, and shows them", async () => {
    const results: Result[] = [];
    const near = partsOf(PLAN, { distances: [0] });
    const far = partsOf(PLAN, { only: ["one", "http2"], distances: [5] });
    for (const part of [...near, ...far]) {
      const done = await runPart(part, {
        ...{ plan: PLAN, options },
        save(scenario, { places, versions }) {
          const given = { date: DAY, cores: 1, places, versions: versions() };
          results.push(resultOf(scenario, given));
        },
        say: () => undefined,
      });
      assert.ok(done, part.name);
    }
    const requests = (id: Id) =>
      results.find((one) => one.id === id)?.rows[0]?.cost.requests ?? NaN;
    assert.ok(requests("one") >= 7);
    assert.equal(requests("fresh"), requests("one") + 2);
    assert.ok(requests("many") >= requests("one") + 4);
    assert.ok(requests("batch") >= 18);
    assert.equal(requests("idle"), 0);
    assert.ok(requests("h2") >= 7);

    const page = documentOf(results, judge(results));
    for (const { title } of results) assert.ok(page.includes(`## ${title}`), title);
    assert.doesNotMatch(page, /\/tmp\/|localhost:\d|NaN|undefined/);
    assert.doesNotMatch(plotOf(results), /NaN|undefined/);
  });

  test("tries a part that fails again, and goes on", async () => {
    const said: string[] = [];
    let tries = 0;
    const part = {
      ...{ name: "one" as const, roundTrip: 0 },
      measurements: [
        async (...given: Parameters<typeof oneName>) => {
          tries += 1;
          if (tries < 3) throw new Error(`trouble ${tries}`);
          return oneName(...given);
        },
      ],
    };
    const saved: string[] = [];
    const running = {
      ...{ plan: PLAN, options },
      save: ({ id }: { id: Id }) => void saved.push(id),
      say: (line: string) => void said.push(line),
    };
    assert.equal(await runPart(part, running), true);
    assert.deepEqual(saved, ["one"]);
    assert.match(said.join("\n"), /try 1 of 3 failed: trouble 1\n.*try 2 of 3 failed: trouble 2/);
    const measurements = [() => Promise.reject(new Error("no luck"))];
    assert.equal(await runPart({ ...part, measurements }, running), false);
  });

  test("goes on without a peer that fails", async () => {
    const [good, bad] = ["true", "false"].map((program) => ({
      ...{ name: program, command: () => ({ words: [program] }), runs: 2, dispensable: true },
    }));
    assert.ok(good && bad);
    const { rows, failures } = await compare(bench.ca, [bad, good]);
    assert.deepEqual(
      rows.map(({ name, how }) => `${name}: ${how}`),
      ["true: median of 2"],
    );
    assert.deepEqual(failures, ["false failed, so it is left out."]);
    await assert.rejects(compare(bench.ca, [{ ...bad, dispensable: false }]), /ended with 1/);
  });

  test("scales what works off names one after another", async () => {
    const commandFor = (names: number) => ({ words: ["sleep", `${0.1 * names}`] });
    const { ca } = bench;
    // It asks nothing, so it must not count.
    const idle = await scaled(ca, { name: "idle", dispensable: true }, { commandFor, count: 3 });
    assert.deepEqual(idle, { rows: [], failures: ["idle failed, so it is left out."] });
    const busy = {
      ...ca,
      counting: async <T>(task: () => Promise<T>) => ({ result: await task(), requests: 20 }),
    };
    const { rows } = await scaled(busy, { name: "busy" }, { commandFor, count: 20 });
    assert.equal(rows[0]?.how, "runs with 1 and 10 names, scaled");
    assert.ok(rows[0].cost.wall > 1.9, `${rows[0].cost.wall} s`);
    assert.equal(rows[0].cost.requests, 20);
  });

  test("copies of a set have nothing due", async () => {
    const { ours, dir, ca } = bench;
    const [template = "", ...ids] = idsOf(3);
    await measure(ours.issue([nameOf(template)]));
    const folderOf = (id: string) => join(dir, "copies", id);
    mkdirSync(join(dir, "copies"));
    const from = { dir: ours.folderOf(nameOf(template)), id: template };
    await copySets(from, ids, folderOf);
    for (const id of ids) {
      const idle = { ...ours.idle(nameOf(template)), cwd: folderOf(id) };
      const words = idle.words.with(-1, nameOf(id));
      const { requests } = await ca.counting(() => measure({ ...idle, words }));
      assert.equal(requests, 0);
    }
  });
});
