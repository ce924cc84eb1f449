import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { preload, preloadSkip } from "../support/preload.ts";
import type { Site } from "../support/simp_le.ts";
import { missing } from "../support/tools.ts";
import {
  batching,
  courseOf,
  issuing,
  play,
  type Point,
  renewing,
  rollingOver,
  type Scene,
  stage,
  start,
  survives,
  sweep,
} from "./scenes.ts";
import { randomOf, spread, times, upTo } from "./tally.ts";

const skip = missing("pebble") || preloadSkip;

/** A scene for each point; the same one where it can be played over and over. */
type Scenes = (name: string) => Scene | Promise<Scene>;

type Killer = (scene: Scene) => Promise<number | null>;

/** Played to its end or to the kill. */
async function killed(scene: Scene, env: Record<string, string>): Promise<number | null> {
  const { code, signal, stderr } = await play(scene, env);
  assert.ok(signal === "SIGKILL" || code === 0, stderr);
  return code;
}

/** Before the n-th change in the folder, or in the middle of it where it is a write. */
const atChange =
  (at: number, what: "kill" | "tear"): Killer =>
  async (scene) => {
    const { dir } = scene;
    return killed(scene, preload({ dir, only: "changes", at, what }));
  };

const atLine =
  (at: number): Killer =>
  async (scene) => {
    return killed(scene, preload({ fd: 2, at, what: "kill" }));
  };

const atTime =
  (ms: number): Killer =>
  async (scene) => {
    await using child = await start(scene);
    await pause(ms);
    child.kill("SIGKILL");
    return (await child.exited).code;
  };

interface Wish {
  changes: number;
  torn: number;
  others: number;
}

/** Points all over a run, from its start to its end: by what it does, by what it says, and by the time. */
async function pointsOf(t: TestContext, scenes: Scenes, wish: Wish): Promise<Point[]> {
  const course = await courseOf(await scenes("undisturbed"), "changes");
  const random = randomOf(t);
  const some = <T>(list: readonly T[], count: number) => spread(list, count, random);
  const all = upTo(course.steps.length);
  const writes = all.filter((n) => / write /.test(course.steps[n - 1] ?? ""));
  const moments = upTo(100).map((part) => (course.took * part) / 100);
  const killers: [string, Killer][] = [
    ...some(all, wish.changes).map((n): [string, Killer] => [`change ${n}`, atChange(n, "kill")]),
    ...some(writes, wish.torn).map((n): [string, Killer] => [
      `half of change ${n}`,
      atChange(n, "tear"),
    ]),
    ...some(upTo(course.lines), wish.others).map((n): [string, Killer] => [`line ${n}`, atLine(n)]),
    ...some(moments, wish.others).map((ms): [string, Killer] => [
      `${ms.toFixed(0)} ms`,
      atTime(ms),
    ]),
  ];
  return killers.map(([what, kill], index) => ({
    what,
    async run() {
      const scene = await scenes(String(index));
      await survives(scene, () => kill(scene));
    },
  }));
}

const wish: Wish = {
  changes: times(2, 70),
  torn: times(1, 8),
  others: times(1, 15),
};

describe("SIGKILL at any moment", { skip, concurrency: 2 }, () => {
  let pebble: Pebble;
  before(async () => {
    pebble = await startPebble();
  });
  after(() => pebble[Symbol.asyncDispose]());

  /** Goes through the points of each kind of scene in turn. */
  async function kill(
    t: TestContext,
    fault: string,
    kinds: readonly ((site: Site) => Promise<Scenes> | Scenes)[],
  ): Promise<void> {
    await using site = await stage(pebble);
    const points: Point[] = [];
    for (const kind of kinds) points.push(...(await pointsOf(t, await kind(site), wish)));
    await sweep(t, fault, points);
  }

  test("of a first run leaves files that are whole, and the same command gets the certificate", (t) =>
    kill(t, "SIGKILL while issuing", [(site) => (name) => issuing(site, { name })]));

  test("of a renewal leaves the old pair or the new one, in six files and in nine", (t) =>
    kill(
      t,
      "SIGKILL while renewing",
      [false, true].map((nine) => async (site: Site) => {
        const scene = await renewing(site, { name: `nine-${nine}`, nine });
        return () => scene;
      }),
    ));

  test("of three targets at once leaves each as it was or complete, and one account", (t) =>
    kill(t, "SIGKILL during batch", [(site) => (name) => batching(site, { name })]));

  test("of an account rollover leaves the one account and a key that belongs to it", (t) =>
    kill(t, "SIGKILL during account rollover", [
      async (site) => {
        const scene = await rollingOver(site, { name: "account" });
        return () => scene;
      },
    ]));
});
