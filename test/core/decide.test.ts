import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decide, isGoodForLong } from "../../src/core/decide.ts";
import { type Name, parseName } from "../../src/name.ts";
import { after, DAY, HOUR } from "../../src/time.ts";
import { makeBundle } from "../support/certificates.ts";

function name(text: string): Name {
  const parsed = parseName(text);
  assert.ok("name" in parsed);
  return parsed.name;
}

const want = { names: [name("a.test")] as const, nextRun: 0, force: false };
const long = makeBundle({ days: 90 });
const short = makeBundle({ days: 6 });
const start = long.leaf.validFromDate;

function whyAt(days: number, bundle = long, validAtLeast?: number): string {
  const decision = decide(
    { ...want, validAtLeast },
    { found: bundle, origin: undefined },
    after(start, days * DAY),
  );
  return decision.keep ? "keep" : decision.why;
}

describe("when a certificate is due", () => {
  test("a 90-day certificate is kept for two thirds of its life", () => {
    assert.equal(whyAt(59.9), "keep");
    assert.equal(whyAt(60.1), "expiring");
  });
  test("a six-day certificate is kept for half of its life", () => {
    assert.equal(whyAt(2.9, short), "keep");
    assert.equal(whyAt(3.1, short), "expiring");
  });
  test("an expired certificate is due", () => {
    assert.equal(whyAt(200), "expiring");
  });
  test("--valid_min takes the place of the share", () => {
    assert.equal(whyAt(79.9, long, 10 * DAY), "keep");
    assert.equal(whyAt(80.1, long, 10 * DAY), "expiring");
    assert.equal(whyAt(0.1, long, 100 * DAY), "expiring");
    assert.equal(whyAt(89.9, long, 0), "keep");
  });
  test("a kept certificate says when it will be due", () => {
    const decision = decide(want, { found: long, origin: undefined }, start);
    assert.ok(decision.keep);
    const life = long.leaf.validToDate.getTime() - start.getTime();
    assert.equal(decision.next.getTime(), start.getTime() + (life * 2) / 3);
  });
});

describe("what makes a certificate necessary", () => {
  const now = after(start, HOUR);
  const why = (
    found: Parameters<typeof decide>[1]["found"],
    wish: Parameters<typeof decide>[0] = want,
  ) => {
    const decision = decide(wish, { found, origin: undefined }, now);
    return decision.keep ? "keep" : decision.why;
  };
  test("there is none", () => {
    assert.equal(why({}), "missing");
    assert.equal(why({ key: long.key }), "missing");
  });
  test("the key or the chain is gone", () => {
    assert.equal(why({ leaf: long.leaf, chain: long.chain }), "incomplete");
    assert.equal(why({ leaf: long.leaf, key: long.key }), "incomplete");
  });
  test("the chain is another certificate's", () => {
    assert.equal(why({ ...long, chain: short.chain }), "incomplete");
  });
  test("the names are others, in whatever order", () => {
    const two = makeBundle({ names: ["b.test", "a.test"] });
    assert.equal(why(two), "names");
    assert.equal(why(two, { ...want, names: [name("a.test"), name("b.test")] }), "keep");
    assert.equal(why(long, { ...want, names: [name("a.test"), name("b.test")] }), "names");
  });
  test("--force asks for it", () => {
    assert.equal(why(long, { ...want, force: true }), "forced");
  });
});

describe("names that failed when the certificate was issued", () => {
  const origin = {
    certificate: long.leaf.fingerprint256,
    lacks: [{ name: "b.test", code: "dns", detail: "" }],
  };
  const whyFor = (names: readonly [string, ...string[]], allowPartial: boolean, days = 0.1) => {
    const [first, ...others] = names;
    const wish = { ...want, names: [name(first), ...others.map(name)] as const, allowPartial };
    const decision = decide(wish, { found: long, origin }, after(start, days * DAY));
    return decision.keep ? "keep" : decision.why;
  };
  test("are no reason for another one until it is renewed", () => {
    assert.equal(whyFor(["a.test", "b.test"], true), "keep");
    assert.equal(whyFor(["a.test", "b.test"], true, 60.1), "expiring");
  });
  test("are one without the option, and where other names are wanted", () => {
    assert.equal(whyFor(["a.test", "b.test"], false), "names");
    assert.equal(whyFor(["a.test", "b.test", "c.test"], true), "names");
    assert.equal(whyFor(["a.test"], true), "names");
  });
});

describe("a certificate is good for long", () => {
  const isGood = (days: number, bundle = long, end?: number) => {
    const at = (day: number) => after(bundle.leaf.validFromDate, day * DAY);
    const window = end === undefined ? undefined : { start: at(0), end: at(end), pick: at(0) };
    return isGoodForLong(bundle.leaf, { certificate: "", window }, at(days));
  };
  test("until a sixth of its life is left, or a quarter of a short one", () => {
    assert.ok(isGood(74.9));
    assert.ok(!isGood(75.1));
    assert.ok(isGood(4.4, short));
    assert.ok(!isGood(4.6, short));
  });
  test("unless the CA's window ended early", () => {
    assert.ok(isGood(9, long, 10));
    assert.ok(!isGood(11, long, 10));
    assert.ok(isGood(63, long, 62));
  });
});
