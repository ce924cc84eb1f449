import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { preload, preloadSkip } from "../support/preload.ts";
import { missing } from "../support/tools.ts";
import {
  checkHonest,
  issuing,
  play,
  type Point,
  renewing,
  type Scene,
  stage,
  survives,
  sweep,
} from "./scenes.ts";
import { randomOf, times, upTo } from "./tally.ts";
import { asVariables } from "../support/variables.ts";

const skip = missing("pebble") || preloadSkip;

const HOUR = 3600;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;
/** Seconds. */
const JUMPS = [
  ...[YEAR, -YEAR, HOUR, -HOUR, 100 * DAY, -100 * DAY],
  ...[10 * YEAR, -20 * YEAR, 20 * DAY, -20 * DAY],
];
/** Most runs are over by then. */
const SPAN = 800;

describe("a clock that jumps", { skip, concurrency: 2 }, () => {
  let pebble: Pebble;
  before(async () => {
    pebble = await startPebble();
  });
  after(() => pebble[Symbol.asyncDispose]());

  test("by hours or years, ahead or back, in a run or for a whole one: success or one honest error, and no harm once it is right", async (t) => {
    await using site = await stage(pebble);
    const random = randomOf(t);
    const old = await renewing(site, { name: "old" });
    const points = JUMPS.slice(0, times(4, JUMPS.length)).flatMap((by) =>
      upTo(times(1, 4)).map((n): Point => {
        const at = n % 4 === 0 ? 0 : Math.floor(random() * SPAN);
        const kind = n % 2 === 0 ? "first run" : "renewal";
        return {
          what: `${kind}, ${by / DAY} days after ${at} ms`,
          async run() {
            const name = `new${by}-${n}`;
            const scene = n % 2 === 0 ? issuing(site, { name }) : old;
            await survives(scene, () => jump(scene, { by, at }));
          },
        };
      }),
    );
    await sweep(t, "Clock that jumps", points);
  });

  test("ahead in a run that asks the CA for its wishes puts off no later look", async () => {
    await using site = await stage(pebble);
    const scene = await renewing(site, { name: "asked" });
    await jump(scene, { by: 2 * DAY, at: 0 });
    const asked = site.recorder.count("renewal-info");
    const words = scene.words.filter((word) => word !== "--force");
    const { code, stderr } = await play({ ...scene, words });
    assert.equal(code, 1, stderr);
    assert.equal(site.recorder.count("renewal-info"), asked + 1);
  });

  test("ahead in a run that fails keeps no scheduled run from trying once it is right", async () => {
    await using site = await stage(pebble);
    const scene = await renewing(site, { name: "old" });
    await jump(scene, { by: 10 * YEAR, at: 0 });
    const words = ["renew", scene.dir];
    const env = asVariables(site.options);
    const { code, stderr } = await play({ ...scene, words }, env);
    assert.ok(code === 0 || code === 1, stderr);
  });
});

async function jump(scene: Scene, clock: { by: number; at: number }): Promise<number> {
  const result = await play(scene, preload({ clock }));
  // What is wrong then is the time, and no file: the error names what does not hold at that time.
  return checkHonest(result, scene, /certificate|expired|trust|valid/);
}
