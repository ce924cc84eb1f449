import type { Kind } from "../support/exchange.ts";
import type { Recorder, Rule } from "../support/recorder.ts";

/** What a CA does wrong in one run. */
export interface Wrong {
  /** What a failed test calls it. */
  what: string;
  rules: Rule[];
  /** The exit code it leads to in any case, alone and once it has happened. */
  ends?: 0 | 2;
}

/** Chances, the same for the same seed. */
export interface Draw {
  /** From 0 to below `end`. */
  below(end: number): number;
  of<T>(list: readonly T[]): T;
}

export function drawFrom(random: () => number): Draw {
  const below = (end: number) => Math.floor(random() * end);
  return {
    below,
    of<T>(list: readonly T[]) {
      return list[below(list.length)] as T;
    },
  };
}

/** Makes a fault of one family for a run at this recorder. */
export type Family = (draw: Draw, recorder: Recorder) => Wrong;

/** What a renewal asks, and a first run with `new-account`. */
export const SIGNED: readonly Kind[] = [
  ...(["new-order", "authorization", "challenge"] as const),
  ...(["order", "finalize", "certificate"] as const),
];
export const KINDS: readonly Kind[] = [
  ...SIGNED,
  ...(["directory", "new-nonce", "new-account", "renewal-info"] as const),
];

/** Some request of the run, the first few of its kind or all. */
export function somewhere(draw: Draw, kinds = KINDS) {
  const kind = draw.of(kinds);
  const times = draw.of([1, 1, 2, 3, Infinity]);
  return { kind, times, name: `${kind} x${times}` };
}
