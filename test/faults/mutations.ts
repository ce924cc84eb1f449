import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import fc from "fast-check";
import { AppError } from "../../src/errors.ts";
import { PATIENCE } from "../support/wait.ts";
import { randomOf, tell, times } from "./tally.ts";

let cases = 0;

/** Proves a property of many inputs, the same ones for the same seed. */
export async function holds<T>(
  t: TestContext,
  inputs: fc.Arbitrary<T>,
  property: (input: T) => unknown,
): Promise<void> {
  const seed = Math.floor(randomOf(t)() * 2 ** 31);
  let slowest = 0;
  const timed = fc.asyncProperty(inputs, async (input) => {
    const started = performance.now();
    await property(input);
    slowest = Math.max(slowest, performance.now() - started);
  });
  await fc.assert(timed, { seed, numRuns: times(100, 2_000) });
  t.diagnostic(`the slowest input took ${Math.round(slowest)} ms`);
  assert.ok(slowest < PATIENCE);
  cases += times(100, 2_000);
  const fault = `Fuzz: ${t.fullName.split(" > ")[0] ?? ""}`;
  tell(t, { fault, tried: cases, survived: cases, lost: 0 });
}

/** What an attempt resolves to; undefined for an error that has one of the codes, and says of what it is. */
export async function orRefused<T>(
  attempt: () => T | Promise<T>,
  codes: readonly string[],
  about = "",
): Promise<T | undefined> {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    assert.ok(codes.includes(error.code), error.code);
    assert.equal(typeof (error.hint ?? ""), "string");
    assert.doesNotMatch(`${error.message} ${error.hint}`, /\[native code|\[object/);
    assert.ok(error.message.includes(about), error.message);
    return undefined;
  }
}

/** Words that every object of JavaScript knows something by. */
export const INHERITED = ["constructor", "__proto__", "toString", "valueOf"];

export const noise = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ maxLength: 60 }),
  fc.constantFrom(...INHERITED),
  fc.constantFrom("", " ", "\0", "%", "a".repeat(100_000)),
);

const edit = fc.record({
  kind: fc.constantFrom("flip", "cut", "drop", "double", "grow"),
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  bits: fc.integer({ min: 1, max: 255 }),
});

/** Bytes that are right but for a few flipped bits, or something cut off, left out or doubled. */
export function damaged(...right: readonly (Buffer | string)[]) {
  return fc
    .tuple(fc.constantFrom(...right), fc.array(edit, { maxLength: 4 }))
    .map(([first, edits]) => {
      let bytes: Buffer = Buffer.from(first);
      for (const { kind, at, bits } of edits) {
        const spot = Math.floor(at * bytes.length);
        const [head, tail] = [bytes.subarray(0, spot), bytes.subarray(spot)];
        if (kind === "flip") {
          bytes = Buffer.from(bytes);
          bytes.writeUInt8(
            (bytes[spot] ?? 0) ^ bits,
            Math.min(spot, Math.max(0, bytes.length - 1)),
          );
        } else if (kind === "cut") bytes = head;
        else if (kind === "drop") bytes = Buffer.concat([head, tail.subarray(bits)]);
        else if (kind === "double") bytes = Buffer.concat([head, tail.subarray(0, bits), tail]);
        else bytes = Buffer.concat([head, Buffer.alloc(bits * 100, tail[0] ?? 32), tail]);
        if (bytes.length === 0) break;
      }
      return bytes;
    });
}

export const damagedText = (...right: readonly string[]) =>
  fc.oneof(
    { weight: 4, arbitrary: damaged(...right).map(String) },
    { weight: 1, arbitrary: noise },
  );

const strange: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(null, [], {}, "", 0, -1, 1e308, true, "9".repeat(50_000)),
  fc.constantFrom<unknown>({ toString: 1, valueOf: 1 }, [{ toString: null }], ["x", 1]),
  fc.constantFrom(...INHERITED),
);

/** JSON that is right but for a few members that are missing or something else. */
export function damagedJson(...right: readonly unknown[]): fc.Arbitrary<unknown> {
  const change = fc.tuple(fc.nat(10_000), fc.option(strange, { nil: undefined, freq: 4 }));
  return fc
    .tuple(fc.constantFrom(...right), fc.array(change, { maxLength: 3 }))
    .map(([first, changes]) => {
      const root: Record<string, unknown> = { "": structuredClone(first) };
      for (const [index, value] of changes) {
        const spots = spotsIn(root);
        const [owner, key] = spots[index % spots.length] ?? [root, ""];
        if (value === undefined) Reflect.deleteProperty(owner, key);
        else owner[key] = structuredClone(value);
      }
      return root[""];
    });
}

/** The same as text. */
export const damagedJsonText = (...right: readonly unknown[]) =>
  damagedJson(...right).map((value) => JSON.stringify([value]).slice(1, -1));

function spotsIn(value: unknown): [Record<string, unknown>, string][] {
  if (typeof value !== "object" || value === null) return [];
  const owner = value as Record<string, unknown>;
  return Object.keys(owner).flatMap((key) => [
    [owner, key] as [Record<string, unknown>, string],
    ...spotsIn(owner[key]),
  ]);
}
