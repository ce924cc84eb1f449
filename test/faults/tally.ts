import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** What came of one kind of fault; a row of docs/reliability.md. */
export interface Tally {
  /** The kind of fault, as that page calls it. */
  fault: string;
  tried: number;
  /** Ended as they should: in success or in one honest error. */
  survived: number;
  /** Runs after which a certificate, a key or an account was lost or damaged. */
  lost: number;
}

/** Whether every sweep goes its whole length: `npm run faults`. */
export const LONG = process.env["FAULTS"] === "long";

/** So many times in the short form, which CI runs, or in the long one. */
export const times = <T>(short: T, long: T) => (LONG ? long : short);

/** Numbers in [0, 1) that are the same for the same seed, which is told; SEED chooses it, and else the long form by chance. */
export function randomOf(t: TestContext): () => number {
  const chance = times(1, Math.floor(Math.random() * 2 ** 31));
  let state = Number(process.env["SEED"] ?? chance);
  t.diagnostic(`SEED=${state}`);
  // mulberry32, of the public domain.
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Tells what came of a fault, and keeps it for the page when the long form runs. */
export function tell(t: TestContext, tally: Tally): void {
  const { fault, tried, survived, lost } = tally;
  t.diagnostic(`${fault}: ${tried} tried, ${survived} survived, ${lost} lost`);
  const dir = process.env["FAULTS_DIR"];
  if (dir === undefined) return;
  const name = fault.replace(/[^a-z0-9]+/gi, "-");
  writeFileSync(join(dir, `${name}.json`), JSON.stringify(tally));
}

/** So many of these, one from each part of the list; all of them when there are no more. */
export function spread<T>(list: readonly T[], count: number, random: () => number): T[] {
  if (list.length <= count) return [...list];
  return Array.from({ length: count }, (_, n) => {
    const at = Math.floor(((n + random()) * list.length) / count);
    return list[at] as T;
  });
}

/** 1, 2, 3, ... */
export const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);
