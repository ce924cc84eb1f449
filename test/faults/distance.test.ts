import assert from "node:assert/strict";
import { after, before, describe, test, type TestContext } from "node:test";
import type { Exchange } from "../support/exchange.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { problem, type Recorder } from "../support/recorder.ts";
import type { Fate } from "../support/relay.ts";
import { missing } from "../support/tools.ts";
import {
  assertGreen,
  assertNoStorm,
  assertOpen,
  type Far,
  far,
  retriesIn,
  sideBySide,
} from "./far.ts";
import { flawsOfRun } from "./judge.ts";

const NAMES = 25;
/** The requests of a first run for so many names, without those for nonces: docs/architecture.md. */
const STEPS = 2 * NAMES + 8;
const TARGETS = 10;
/** The account, and seven requests and one about renewal for each of so many certificates. */
const BATCH_STEPS = 8 * TARGETS + 2;
const LANES = 16;
/** So many connections are not answered before one is: one less than the first nonce after the loss is asked for. */
const SILENT = 2;
/** Another look at an order comes each second, however long the CA takes. */
const LOOKS = 20;

const what = (each: boolean) =>
  each ? `${TARGETS} certificates` : `a certificate for ${NAMES} names`;

describe("a CA that is far away", { skip: missing("pebble"), concurrency: 3 }, () => {
  let pebble: Pebble;
  let half: Pebble;
  before(async () => {
    pebble = await startPebble({ authzReuse: 0 });
    half = await startPebble({ authzReuse: 0, nonceReject: 50 });
  });
  after(async () => {
    await half[Symbol.asyncDispose]();
    await pebble[Symbol.asyncDispose]();
  });

  for (const each of [false, true])
    test(`rejects every other nonce: ${what(each)}`, async (t) => {
      await using env = await far(half, { count: each ? TARGETS : NAMES });
      const result = await (each ? env.batch() : env.issue());
      tell(t, env, result.stderr);
      assertGreen(env, result, each);
      assertOpen(env);
      // Each try is a coin that is tossed: four times as many are out of reach, and no try needs a HEAD.
      const all = 4 * (each ? BATCH_STEPS : STEPS) + LOOKS;
      assertNoStorm(env, { all, nonces: LANES });
    });

  for (const [others, fate] of [
    ["cut before the handshake", { resetAfter: 0 }],
    ["cut within the handshake", { resetAfter: 1 }],
    ["never answered", "silent"],
  ] as [string, Fate][])
    test(`lets in one connection at a time, and others are ${others}`, async (t) => {
      await using env = await far(pebble, {
        count: NAMES,
        fate: ({ beside }) => (beside === 0 ? "carried" : fate),
      });
      const result = await env.issue();
      tell(t, env, result.stderr);
      assertGreen(env, result);
      assert.equal(sideBySide(env.recorder.requests), 1);
      // Others were tried, no lane more than once, and what was under way has hardly been in their way.
      assert.ok(env.relay.connections() > 2);
      assert.ok(env.relay.connections() <= 2 * LANES, String(env.relay.connections()));
      assert.ok(retriesIn(result) <= 10, result.stderr);
      assertNoStorm(env, { all: STEPS + LOOKS, nonces: LANES });
    });

  test("ends every fifth answer with the connection", async (t) => {
    await using env = await far(pebble, { count: NAMES });
    const headers = { connection: "close" };
    const fault = env.recorder.inject({ when: every(5), alter: () => ({ headers }) });
    const result = await env.issue();
    tell(t, env, result.stderr);
    assertGreen(env, result);
    assertOpen(env);
    assert.ok(fault.hits() > 10);
    assert.equal(retriesIn(result), 0, "a connection that was closed in order cost a try");
    assertNoStorm(env, { all: STEPS + LANES + LOOKS, nonces: LANES });
  });

  for (const each of [false, true])
    test(`closes a kept connection just as a request comes: ${what(each)}`, async (t) => {
      await using env = await far(pebble, { count: each ? TARGETS : NAMES });
      const fault = env.recorder.inject({ when: every(5, oncePerUrl()), reset: "before" });
      const result = await (each ? env.batch() : env.issue());
      tell(t, env, result.stderr);
      assertGreen(env, result, each);
      assertOpen(env);
      assert.ok(fault.hits() > 5, String(fault.hits()));
      // A request is sent again, with a look at what it may have done before, and a nonce for each.
      const all = (each ? BATCH_STEPS : STEPS) + LANES + LOOKS + 4 * fault.hits();
      assertNoStorm(env, { all, nonces: LANES + 2 * fault.hits() });
    });

  test("offers HTTP/2, which is not taken: no GOAWAY can end what is under way", async (t) => {
    await using env = await far(pebble, { count: 5, protocols: ["h2", "http/1.1"] });
    const result = await env.issue();
    tell(t, env, result.stderr);
    assertGreen(env, result);
    assertOpen(env);
    assert.ok(env.recorder.requests.every(({ alpn }) => alpn !== "h2"));
  });

  for (const each of [false, true])
    test(`loses every fourth connection: ${what(each)}`, async (t) => {
      // In turn: before the handshake, within it, and with a request or two.
      const lots = [0, 1, 5];
      await using env = await far(pebble, {
        count: each ? TARGETS : NAMES,
        fate: ({ nth }) =>
          nth % 4 === 0 ? { resetAfter: lots[(nth / 4) % lots.length] ?? 0 } : "carried",
      });
      const result = await (each ? env.batch() : env.issue());
      tell(t, env, result.stderr);
      assertGreen(env, result, each);
      assertOpen(env);
      assert.ok(env.relay.connections() <= 4 * LANES, String(env.relay.connections()));
      const all = (each ? BATCH_STEPS : STEPS) + 2 * LANES + LOOKS;
      assertNoStorm(env, { all, nonces: 2 * LANES });
    });

  for (const each of [false, true])
    test(`forgets nonces after two seconds: ${what(each)}`, async (t) => {
      await using env = await far(pebble, { count: each ? TARGETS : NAMES });
      const { recorder } = env;
      // All nonces wait for the first look at an order that is worth it.
      const headers = { "retry-after": "3" };
      recorder.inject({
        ...{ kind: "finalize", when: oncePerUrl(), withNonce: true },
        answer: problem("orderNotReady", 403),
      });
      recorder.inject({
        ...{ kind: "order", when: oncePerUrl() },
        alter: ({ body }) => ({ headers, body: body.replace('"ready"', '"pending"') }),
      });
      const fault = recorder.inject({
        ...{ when: (exchange) => ageOf(exchange, recorder) > 2000, withNonce: true },
        answer: problem("badNonce", 400),
      });
      const result = await (each ? env.batch() : env.issue());
      tell(t, env, result.stderr);
      assertGreen(env, result, each);
      assertOpen(env);
      assert.ok(fault.hits() > 0);
      const all = (each ? BATCH_STEPS : STEPS) + 2 * LANES + LOOKS + fault.hits();
      assertNoStorm(env, { all, nonces: LANES });
      assert.ok(fault.hits() <= 2 * LANES, String(fault.hits()));
    });

  for (const status of [429, 503])
    for (const wait of ["1", "3600"])
      test(`answers every other HEAD with ${status} and Retry-After ${wait}`, async (t) => {
        await using env = await far(pebble, { count: NAMES });
        const type = status === 429 ? "rateLimited" : "serverInternal";
        const fault = env.recorder.inject({
          ...{ kind: "new-nonce", when: every(2) },
          answer: problem(type, status, { "retry-after": wait }),
        });
        const result = await env.issue();
        tell(t, env, result.stderr);
        assertGreen(env, result);
        assertOpen(env);
        assert.ok(fault.hits() > 0);
        assert.ok(sideBySide(env.recorder.requests) < LANES);
        // A lane that could not be opened is tried again once others were narrowed to as few.
        assertNoStorm(env, { all: STEPS + LANES + LOOKS, nonces: LANES + 2 });
      });

  test("is silent for half a minute: the run goes on after it", async (t) => {
    let [isGone, silent] = [false, 0];
    await using env = await far(pebble, {
      count: NAMES,
      fate() {
        if (!isGone) return "carried";
        if (silent < SILENT) {
          silent += 1;
          return "silent";
        }
        isGone = false;
        // What comes after the silence may take its time.
        env.hurry(false);
        return "carried";
      },
    });
    halfway(env, () => (isGone = true));
    const result = await env.issue();
    tell(t, env, result.stderr);
    assertGreen(env, result);
    assertOpen(env);
    assert.equal(silent, SILENT);
    assert.ok(retriesIn(result) > 0);
    assertNoStorm(env, { all: 2 * STEPS + LANES + LOOKS, nonces: 2 * LANES });
  });

  for (const [gone, fate, reason] of [
    ["answers no more", "silent", /: no answer within 30 seconds\. Check the network/],
    ["lets nobody in any more", { resetAfter: 0 }, /: the connection was cut\. Check the network/],
  ] as [string, Fate, RegExp][])
    test(`${gone}: one error, soon, and no certificate`, async (t) => {
      let isGone = false;
      await using env = await far(pebble, {
        count: NAMES,
        fate: () => (isGone ? fate : "carried"),
      });
      halfway(env, () => (isGone = true));
      const result = await env.issue();
      tell(t, env, result.stderr);
      assert.equal(result.code, 2, result.stderr);
      assert.deepEqual(flawsOfRun({ ...result, json: false, peak: 0 }), [], result.stderr);
      assert.match(result.stderr, reason);
      assert.deepEqual(env.certs.files(), ["account_key.json", "account_reg.json"]);
      assertOpen(env);
      // Waited for one after another, the names would take hours.
      assert.ok(env.relay.connections() <= 3 * LANES, String(env.relay.connections()));
    });
});

/** Whether it is the nth, the 2nth, ... of the requests that are asked about, and of those `other` says yes to. */
function every(nth: number, other: (exchange: Exchange) => boolean = () => true) {
  let count = 0;
  return (exchange: Exchange) => (count += 1) % nth === 0 && other(exchange);
}

function oncePerUrl() {
  const seen = new Set<string>();
  return ({ url }: Exchange) => seen.size !== seen.add(url).size;
}

/** Milliseconds since the nonce of a request was given out. */
function ageOf({ body, at }: Exchange, { requests }: Recorder): number {
  const nonce = String(body?.protected["nonce"]);
  const giver = requests.find(({ answer }) =>
    [answer?.headers["replay-nonce"]].flat().includes(nonce),
  );
  return at - (giver?.until ?? at);
}

/** When half of the names have been shown, all connections are lost, and the time until the next comes is short. */
function halfway(env: Far, then: () => void): void {
  env.recorder.inject({
    ...{ kind: "authorization", nth: Math.floor(NAMES / 2) },
    alter(answer) {
      env.hurry(true);
      then();
      env.relay.cut();
      return answer;
    },
  });
}

/** What a test has seen, to be compared with its bounds. */
function tell(t: TestContext, { recorder, relay }: Far, stderr: string): void {
  t.diagnostic(
    [
      `${recorder.count()} requests, ${recorder.count("new-nonce")} for nonces`,
      `${sideBySide(recorder.requests)} side by side, ${relay.connections()} connections`,
      `${retriesIn({ stderr })} retries`,
    ].join(", "),
  );
}
