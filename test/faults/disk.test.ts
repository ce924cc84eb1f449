import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { flagged, mountedByItself, smallDisk, smallDiskSkip } from "../support/mounts.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { preload, preloadSkip, type Spoil } from "../support/preload.ts";
import type { Site } from "../support/simp_le.ts";
import { missing } from "../support/tools.ts";
import {
  batching,
  checkHonest,
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
  type Where,
} from "./scenes.ts";
import { randomOf, spread, times, upTo } from "./tally.ts";

const skip = missing("pebble");

const SCENES: Record<string, (site: Site, where: Where) => Scene | Promise<Scene>> = {
  "first run": issuing,
  renewal: (site, where) => renewing(site, where),
  "renewal of nine files": (site, where) => renewing(site, { ...where, nine: true }),
  rollover: rollingOver,
  batch: batching,
};

let made = 0;
const fresh = () => {
  made += 1;
  return `set-${made}`;
};

describe("a disk that fails", { skip, concurrency: 2 }, () => {
  let pebble: Pebble;
  before(async () => {
    pebble = await startPebble();
  });
  after(() => pebble[Symbol.asyncDispose]());

  test(
    "that is full after any number of writes: one error that says so, and the run after it gets all done",
    { skip: smallDiskSkip },
    async (t) => {
      await using site = await stage(pebble);
      await using disk = await smallDisk();
      const random = randomOf(t);
      const sizes = (most: number) =>
        Array.from({ length: most + 1 }, (_, n) => [{ blocks: n }, { files: n }]).flat();
      const points = Object.entries(SCENES).flatMap(([kind, make]) =>
        spread(sizes(kind === "batch" ? 16 : 9), times(1, 14), random).map((left): Point => ({
          what: `${kind} with ${JSON.stringify(left)} left`,
          async run() {
            const where = { name: fresh(), below: disk.path };
            const scene = await make(site, where);
            await survives(scene, async () => {
              disk.leave(left);
              try {
                return checkHonest(await play(scene), scene);
              } finally {
                disk.empty();
              }
            });
            disk.clear();
          },
        })),
      );
      await sweep(t, "Full disk", points);
    },
  );

  /** Faults at system calls, swept over what a run does. */
  async function spoilt(
    t: TestContext,
    kinds: readonly Partial<Spoil>[],
    each: number,
  ): Promise<Point[]> {
    const site = await stage(pebble);
    t.after(() => site[Symbol.asyncDispose]());
    const random = randomOf(t);
    const points: Point[] = [];
    for (const [kind, make] of Object.entries(SCENES)) {
      const kept = await make(site, { name: fresh() });
      const steps: Partial<Record<string, number>> = {};
      for (const fault of kinds) {
        const only = fault.only ?? "all";
        steps[only] ??= (await courseOf(kept, fault.only)).steps.length;
        const chosen = spread(upTo(steps[only]), each, random);
        for (const at of chosen)
          points.push({
            what: `${kind}, ${fault.what} at step ${at}, ${fault.times ?? 1} times`,
            async run() {
              const scene = kept.account ? kept : await make(site, { name: fresh() });
              await survives(scene, async () => {
                const env = preload({ dir: scene.dir, ...fault, at });
                return checkHonest(await play(scene, env), scene);
              });
            },
          });
      }
    }
    return points;
  }

  const EVER = 1_000_000;

  test(
    "at any one call or from it on, with EIO or ENOSPC: one error that names the folder, nothing lost, and no help needed",
    { skip: preloadSkip },
    async (t) => {
      const kinds: Partial<Spoil>[] = [
        { what: "EIO" },
        { what: "EIO", times: EVER },
        { what: "ENOSPC", only: "changes" },
      ];
      const chosen = times(kinds.slice(0, 2), kinds);
      const points = await spoilt(t, chosen, times(1, 7));
      await sweep(t, "EIO or ENOSPC at a system call", points);
    },
  );

  test(
    "on which one rename fails, or every one from it on: the same, and key and certificate always match",
    { skip: preloadSkip },
    async (t) => {
      const codes = ["EBUSY", "EPERM", "EXDEV", "EACCES"] as const;
      const kinds = codes.flatMap((what): Partial<Spoil>[] => [
        { what, only: "renames" },
        { what, only: "renames", times: EVER },
      ]);
      const points = await spoilt(t, times(kinds.slice(0, 2), kinds), times(2, 9));
      await sweep(t, "Renames that fail", points);
    },
  );

  test(
    "that becomes read-only in the middle: the same",
    { skip: preloadSkip || smallDiskSkip },
    async (t) => {
      const fault: Partial<Spoil> = {
        what: "EROFS",
        only: "changes",
        times: EVER,
      };
      const points = await spoilt(t, [fault], times(1, 8));
      await using site = await stage(pebble);
      const random = randomOf(t);
      const scene = await renewing(site, { name: "immutable" });
      const { took } = await courseOf(scene);
      for (const part of upTo(times(1, 15)))
        points.push({
          what: `the folder ${part}`,
          run: () =>
            survives(scene, async () => {
              await using child = await start(scene);
              await pause(random() * took);
              chattr("+i", scene.dir);
              try {
                const { code, signal } = await child.exited;
                const [stdout, stderr] = [child.stdout(), child.stderr()];
                return checkHonest({ code, signal, stdout, stderr }, scene);
              } finally {
                chattr("-i", scene.dir);
              }
            }),
        });
      await sweep(t, "Read-only folder", points);
    },
  );
});

describe("a file of the set that cannot be replaced", { skip: skip || smallDiskSkip }, () => {
  let pebble: Pebble;
  before(async () => {
    pebble = await startPebble();
  });
  after(() => pebble[Symbol.asyncDispose]());

  const HOLDS: Record<string, (file: string) => Disposable> = {
    mounted: mountedByItself,
    immutable: (file) => flagged(file, "i"),
    "append-only": (file) => flagged(file, "a"),
  };

  test("costs no order and no file, and the run after it gets all done", async (t) => {
    await using site = await stage(pebble);
    const random = randomOf(t);
    const scene = await renewing(site, { name: "held", nine: true });
    const points = Object.entries(HOLDS).flatMap(([kind, hold]) =>
      spread(scene.files, times(2, scene.files.length), random).map((name): Point => ({
        what: `${name}, ${kind}`,
        run: () =>
          survives(scene, async () => {
            using _hold = hold(join(scene.dir, name));
            const result = await play(scene);
            assert.equal(result.code, 2, result.stderr);
            assert.doesNotMatch(result.stderr, /order/i);
            return checkHonest(result, scene, `/${name} cannot be replaced`);
          }),
      })),
    );
    await sweep(t, "File that cannot be replaced", points);
  });
});

/** Root, too, may not make, rename or remove files in a folder that is immutable. */
function chattr(mode: "+i" | "-i", dir: string): void {
  const { status, stderr } = spawnSync("chattr", [mode, dir]);
  assert.equal(status, 0, String(stderr));
}
