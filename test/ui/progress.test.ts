import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Event, Outcome } from "../../src/core/outcome.ts";
import { AppError } from "../../src/errors.ts";
import type { Name } from "../../src/name.ts";
import { openProgress, type Tally } from "../../src/ui/progress.ts";
import { sayProgress } from "../../src/ui/progress-lines.ts";
import * as screen from "../../src/ui/screen.ts";
import { sizeOf, terminalOf } from "../../src/ui/terminal.ts";

const subject = { id: "x", names: [], dir: "/certs/x" };
const failed: Outcome = { subject, kind: "failed", error: new AppError("ca-busy", "Busy.") };
const date = new Date(0);
const issued: Outcome = {
  ...{ subject, kind: "issued", why: "missing" },
  ...{ notAfter: date, next: date, delivery: undefined, lacks: [] },
};
const named = (...names: string[]) => names as Name[];

/** Progress with a clock of its own, in seconds. */
function progressAt() {
  const clock = { seconds: 0 };
  const progress = openProgress(() => clock.seconds * 1_000);
  const end = (count: number, outcome = issued) => {
    for (let at = 0; at < count; at += 1)
      progress.note({ type: "ended", outcome }, `${String(at)} ${outcome.kind}`);
  };
  return { ...progress, clock, end };
}

const triaged = (due: number): Event => ({
  type: "triaged",
  targets: due + 5,
  due,
  names: 2 * due,
});

describe("progress", () => {
  test("is nothing while there is no work", () => {
    const { note, tally, end } = progressAt();
    end(5);
    note(triaged(0));
    assert.equal(tally(), undefined);
  });

  test("counts what is due, and not what was kept or failed before", () => {
    const { note, tally, end } = progressAt();
    end(3);
    note(triaged(8));
    end(2);
    end(1, failed);
    assert.deepEqual(tally()?.certificates, { due: 8, done: 3, failed: 1 });
  });

  test("estimates when there is a basis, and later when nothing ends", () => {
    const { note, tally, end, clock } = progressAt();
    note(triaged(100));
    clock.seconds = 20;
    end(9);
    assert.equal(tally()?.left, undefined);
    end(1);
    assert.equal(tally()?.left, 180_000);
    clock.seconds = 40;
    assert.equal(tally()?.left, 360_000);
    end(90);
    assert.equal(tally()?.left, undefined);
  });

  test("estimates by the last certificates, if the CA becomes slower", () => {
    const { note, tally, end, clock } = progressAt();
    note(triaged(1_000));
    clock.seconds = 10;
    end(400);
    for (let at = 0; at < 50; at += 1) {
      clock.seconds += 10;
      end(1);
    }
    const minutes = (tally()?.left ?? 0) / 60_000;
    assert.ok(minutes > 85 && minutes <= 92, String(minutes));
  });

  test("counts names once, whether the CA validated them now or before", () => {
    const { note, tally } = progressAt();
    note(triaged(2));
    note({ type: "ordered", url: "", names: named("a.test", "b.test") }, "1");
    note({ type: "answered", name: "a.test" as Name, of: 2 }, "a.test");
    note({ type: "answered", name: "a.test" as Name, of: 2 }, "a.test");
    assert.deepEqual(tally()?.names, { all: 4, asked: 1, validated: 0 });
    note({ type: "validated" }, "1");
    note({ type: "ended", outcome: issued }, "1");
    note({ type: "ordered", url: "", names: named("c.test", "d.test") }, "2");
    note({ type: "ended", outcome: issued }, "2");
    assert.deepEqual(tally()?.names, { all: 4, asked: 1, validated: 4 });
  });
});

test("its lines fit into every width, and say the most important first", () => {
  const tally: Tally = {
    certificates: { due: 1_000, done: 376, failed: 12 },
    names: { all: 2_000, asked: 900, validated: 801 },
    ...{ elapsed: 90_000, left: 149_000 },
  };
  const say = (columns: number, unicode = true) => sayProgress(tally, { columns, unicode, screen });
  for (let columns = 2; columns < 200; columns += 1)
    for (const line of say(columns)) assert.ok(screen.width(line) < columns, `${columns}: ${line}`);
  assert.deepEqual(say(20), ["Done: 376 of 1000", "Names: 801 of 2000"]);
  assert.deepEqual(say(80), [
    "███████░░░░░░░░░░░░░ Done: 376 of 1000, 12 failed, about 2 min left",
    "Names: 801 of 2000 validated, 900 asked for",
  ]);
  assert.match(say(80, false)[0] ?? "", /^#{7}-{13} Done/);
});

describe("what a terminal may get", () => {
  const facts = (isTTY: boolean, env: Record<string, string>) => {
    const { watched, colour, redraws, unicode } = terminalOf(
      Object.assign(Object.create(process.stdout) as NodeJS.WritableStream, { isTTY }),
      env,
    );
    return { watched, colour, redraws, unicode };
  };
  const xterm = { TERM: "xterm" };
  for (const [what, isTTY, env, expected] of [
    ["a pipe nothing", false, xterm, {}],
    ["a pipe colour if forced", false, { FORCE_COLOR: "1" }, { colour: true }],
    ["a terminal all", true, xterm, { watched: true, colour: true, redraws: true }],
    ["NO_COLOR no colour", true, { ...xterm, NO_COLOR: "1" }, { watched: true, redraws: true }],
    [
      ...(["an empty NO_COLOR colour", true] as const),
      { ...xterm, NO_COLOR: "" },
      { watched: true, colour: true, redraws: true },
    ],
    [
      "FORCE_COLOR=0 no colour",
      true,
      { ...xterm, FORCE_COLOR: "0" },
      { watched: true, redraws: true },
    ],
    ["TERM=dumb lines", true, { TERM: "dumb" }, { watched: true }],
    ["no TERM lines", true, {}, { watched: true }],
    ["LANG UTF-8", false, { LANG: "de_DE.UTF-8" }, { unicode: true }],
    ["LC_ALL before LANG", false, { LC_ALL: "C", LANG: "de_DE.UTF-8" }, {}],
  ] as const)
    test(what, () => {
      const none = { watched: false, colour: false, redraws: false, unicode: false };
      assert.deepEqual(facts(isTTY, env), { ...none, ...expected });
    });

  test("a size that is unknown is the usual one", () => {
    const stream = Object.assign(Object.create(process.stdout) as NodeJS.WritableStream, {
      ...{ columns: 0, rows: 0 },
    });
    assert.deepEqual(sizeOf(stream), { columns: 80, rows: 24 });
  });
});
