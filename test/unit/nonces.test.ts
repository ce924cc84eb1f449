import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { describe, test } from "node:test";
import { openNonces, paced } from "../../src/acme/nonces.ts";

/** A CA whose answers come when they are let through, and what it was asked. */
function ca({ far, most = 16, lanes = 1 }: { far: boolean; most?: number; lanes?: number }) {
  let isFar = far;
  let made = 0;
  const asked: PromiseWithResolvers<string>[] = [];
  const nonces = openNonces({
    ...{ lanes, most, isFar: () => isFar },
    fetch() {
      const question = Promise.withResolvers<string>();
      asked.push(question);
      return question.promise;
    },
  });
  const fresh = () => `nonce-${(made += 1)}`;
  const seen = new Set<string>();
  let [under, peak, done] = [0, 0, 0];
  return {
    nonces,
    asked,
    /** It turns out to be far away. */
    moveAway: () => {
      isFar = true;
    },
    fresh,
    answerNonces: () => {
      for (const each of asked) each.resolve(fresh());
    },
    /** A signed request, which is answered one turn later. */
    request: async (): Promise<void> => {
      const nonce = await nonces.take();
      assert.ok(!seen.has(nonce), "a nonce was used twice");
      seen.add(nonce);
      under += 1;
      peak = Math.max(peak, under);
      await turn();
      under -= 1;
      done += 1;
      nonces.give(fresh());
    },
    counts: () => ({ peak, done, asked: asked.length }),
  };
}

/** A CA that is far away and has given out one nonce, which is in hand. */
async function used() {
  const far = ca({ far: true });
  const first = far.request();
  await settle();
  far.answerNonces();
  await first;
  return far;
}

async function settle(): Promise<void> {
  for (let turns = 0; turns < 5; turns += 1) await turn();
}

describe("nonces of a CA", () => {
  test("that is near: one is fetched, and serves one request after another", async () => {
    const { request, answerNonces, counts } = ca({ far: false });
    const all = Array.from({ length: 100 }, request);
    await settle();
    answerNonces();
    await Promise.all(all);
    assert.deepEqual(counts(), { peak: 1, done: 100, asked: 1 });
  });

  test("that is near, with lanes: each lane begins with one of its own", async () => {
    const { request, answerNonces, counts } = ca({ far: false, lanes: 8 });
    const all = Array.from({ length: 100 }, request);
    await settle();
    answerNonces();
    await Promise.all(all);
    assert.deepEqual(counts(), { peak: 8, done: 100, asked: 8 });
  });

  test("that is far away: as many are fetched as requests may be side by side", async () => {
    const { request, answerNonces, counts } = ca({ far: true });
    const all = Array.from({ length: 100 }, request);
    await settle();
    answerNonces();
    await Promise.all(all);
    assert.deepEqual(counts(), { peak: 16, done: 100, asked: 16 });
  });

  test("that is far away, for one request after another: one is fetched", async () => {
    const { request, answerNonces, counts } = ca({ far: true });
    for (let count = 0; count < 10; count += 1) {
      const one = request();
      await settle();
      answerNonces();
      await one;
    }
    assert.deepEqual(counts(), { peak: 1, done: 10, asked: 1 });
  });

  test("that is far away: those of requests that are to come are fetched beside the one under way", async () => {
    const { nonces, request, answerNonces, counts } = await used();
    nonces.expect(100);
    await request();
    assert.deepEqual(counts(), { peak: 1, done: 2, asked: 16 });
    answerNonces();
    await settle();
    await Promise.all(Array.from({ length: 100 }, request));
    assert.deepEqual(counts(), { peak: 16, done: 102, asked: 16 });
  });

  test("that is far away: for one request that is to come none is fetched beside the one in hand", async () => {
    const { nonces, counts } = await used();
    nonces.expect(1);
    await settle();
    assert.equal(counts().asked, 1);
  });

  test("that is near: nothing is fetched for requests that are to come", () => {
    const { nonces, counts } = ca({ far: false });
    nonces.expect(100);
    assert.equal(counts().asked, 0);
  });

  test("whose distance is unknown: those of requests that are to come are fetched as soon as it is known", async () => {
    const { nonces, request, answerNonces, moveAway, counts } = ca({ far: false });
    nonces.begin();
    nonces.expect(100);
    const first = request();
    await settle();
    assert.equal(counts().asked, 1);
    moveAway();
    answerNonces();
    await first;
    assert.equal(counts().asked, 16);
  });

  test("one that cannot be fetched is missed by nobody as long as others are there", async () => {
    const { request, asked, fresh, counts } = ca({ far: true });
    const all = Array.from({ length: 40 }, request);
    await settle();
    asked[0]?.resolve(fresh());
    for (const each of asked.slice(1)) each.reject(new Error("busy"));
    await Promise.all(all);
    assert.equal(counts().done, 40);
    assert.ok(counts().asked < 40);
  });

  test("one that cannot be fetched closes its lane for good", async () => {
    const { request, asked, fresh, counts } = ca({ far: true });
    const first = Array.from({ length: 100 }, request);
    await settle();
    for (const each of asked.splice(4)) each.reject(new Error("busy"));
    for (const each of asked) each.resolve(fresh());
    await Promise.all(first);
    await Promise.all(Array.from({ length: 300 }, request));
    assert.deepEqual(counts(), { peak: 4, done: 400, asked: 4 });
  });

  test("without any, all requests fail at once, and the next asks again", async () => {
    const { nonces, asked, fresh } = ca({ far: true, most: 1 });
    const ends = Promise.allSettled(Array.from({ length: 3 }, () => nonces.take()));
    asked[0]?.reject(new Error("no"));
    const reasons = (await ends).map((end) =>
      end.status === "rejected" ? String(end.reason) : "",
    );
    assert.deepEqual(reasons, ["Error: no", "Error: no", "Error: no"]);
    const next = nonces.take();
    asked[1]?.resolve(fresh());
    assert.equal(await next, "nonce-1");
  });

  test("only what nobody else may bring is fetched patiently", async () => {
    const patient: boolean[] = [];
    const { promise } = Promise.withResolvers<string>();
    const nonces = openNonces({
      ...{ lanes: 1, most: 3, isFar: () => true },
      fetch(patiently) {
        patient.push(patiently);
        return promise;
      },
    });
    for (let count = 0; count < 10; count += 1) void nonces.take();
    await settle();
    assert.deepEqual(patient, [true, false, false]);
  });

  test("a busy CA gets half as many requests at once, and then one more for each round of answers", async () => {
    const { nonces, fresh, answerNonces } = ca({ far: true, most: 8 });
    let taken = 0;
    for (let count = 0; count < 100; count += 1) void nonces.take().then(() => (taken += 1));
    await settle();
    answerNonces();
    await settle();
    assert.deepEqual({ taken }, { taken: 8 });
    nonces.narrow();
    for (let count = 0; count < 4; count += 1) nonces.give(fresh());
    await settle();
    assert.deepEqual({ taken }, { taken: 8 }, "four answers, and four requests still under way");
    for (let count = 0; count < 30; count += 1) nonces.give(fresh());
    await settle();
    assert.ok(taken > 30, String(taken));
  });

  test("a nonce that is lost is fetched again", async () => {
    const { nonces, asked, fresh } = ca({ far: false });
    const first = nonces.take();
    const second = nonces.take();
    asked[0]?.resolve(fresh());
    await first;
    nonces.lose();
    await settle();
    assert.equal(asked.length, 2);
    asked[1]?.resolve(fresh());
    assert.equal(await second, "nonce-2");
  });
});

test("the first nonces are fetched at once, however young the process is", async (t) => {
  t.mock.method(performance, "now", () => 1);
  let calls = 0;
  const fetch = paced(AbortSignal.timeout(60_000), () => Promise.resolve((calls += 1)));
  for (let count = 0; count < 9; count += 1) void fetch(undefined);
  await turn();
  assert.equal(calls, 9);
});
