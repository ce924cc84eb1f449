import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadState, saveState, type State, STATE_FILE } from "../../src/store/state.ts";
import { tempDir } from "../support/temp.ts";

const at = new Date("2026-01-01T00:00:00Z");
const whole: State = {
  origin: {
    certificate: "AA",
    from: "https://ca.test/dir",
    adopted: true,
    unknownTo: "https://other.test/dir",
    window: {
      start: at,
      end: at,
      pick: at,
      explanation: "https://ca.test/why",
    },
    lookAgain: at,
  },
  unreported: "AA",
  undelivered: true,
  target: { want: {} },
  failure: {
    ...{ count: 1, at, next: at, target: {} },
    ...{ code: "ca-busy", message: "The CA is busy.", hint: "Wait." },
  },
};

test("what is remembered is read as it was, whatever names a target has", async () => {
  await using dir = tempDir();
  const target = { roots: { next: "/www", end: "2026-01-01" } };
  for (const state of [whole, { unreported: "AA" }, { ...whole, target }]) {
    await saveState(dir.path, state);
    assert.deepEqual(loadState(dir.path), state);
  }
});

test("what version 1.0.0 did not report is read under its old name", async () => {
  await using dir = tempDir();
  writeFileSync(join(dir.path, STATE_FILE), '{"version": 1, "untold": "AA"}');
  assert.deepEqual(loadState(dir.path), { unreported: "AA" });
});

test("what is damaged counts as nothing, and takes nothing else with it", async () => {
  await using dir = tempDir();
  const damages: [keyof State, unknown][] = [
    ...[
      null,
      1,
      {},
      [],
      { certificate: 1 },
      { certificate: "AA", from: 1 },
      { certificate: "AA", adopted: false },
      { certificate: "AA", unknownTo: 1 },
    ].map((bad) => ["origin", bad] as [keyof State, unknown]),
    ["origin", { certificate: "AA", window: {} }],
    ["origin", { certificate: "AA", lacks: [{ name: "a.test" }] }],
    ["origin", { certificate: "AA", window: { start: at, end: at } }],
    ["unreported", 1],
    ["undelivered", "AA"],
    ["failure", { ...whole.failure, next: "x" }],
    ["failure", null],
    ["failure", {}],
    ["failure", { ...whole.failure, count: "1" }],
    ["failure", { ...whole.failure, message: null }],
    ["failure", { ...whole.failure, hint: {} }],
  ];
  for (const [member, bad] of damages) {
    const text = JSON.stringify({ version: 1, ...whole, [member]: bad });
    writeFileSync(join(dir.path, STATE_FILE), text);
    const rest = { ...whole };
    Reflect.deleteProperty(rest, member);
    assert.deepEqual(loadState(dir.path), rest, text);
  }
});
