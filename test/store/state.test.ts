import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  loadState,
  saveState,
  type State,
  STATE_FILE,
} from "../../src/store/state.ts";
import { tempDir } from "../support/temp.ts";

const at = new Date("2026-01-01T00:00:00Z");
const whole: State = {
  origin: {
    certificate: "AA",
    from: "https://ca.test/dir",
    window: {
      start: at,
      end: at,
      pick: at,
      explanation: "https://ca.test/why",
    },
    lookAgain: at,
  },
  untold: "AA",
  target: { want: {} },
  failure: {
    ...{ count: 1, at, next: at, target: {} },
    ...{ code: "ca-busy", message: "The CA is busy.", hint: "Wait." },
  },
};

test("what is remembered is read as it was", async () => {
  await using dir = tempDir();
  await saveState(dir.path, whole);
  assert.deepEqual(loadState(dir.path), whole);
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
    ].map((bad) => ["origin", bad] as [keyof State, unknown]),
    ["origin", { certificate: "AA", window: {} }],
    ["origin", { certificate: "AA", window: { start: at, end: at } }],
    ["untold", 1],
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
