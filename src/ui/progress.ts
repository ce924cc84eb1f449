import type { Emit, Event } from "../core/outcome.ts";
import { SECOND } from "../time.ts";

/** How far a run is. */
export interface Tally {
  /** The certificates that are due in a run for many; undefined in a run for one. */
  certificates: { due: number; done: number; failed: number } | undefined;
  /** `asked`: the CA has fetched their answers; undefined if we cannot see that. */
  names: { all: number; asked: number | undefined; validated: number };
  /** Milliseconds since the work began. */
  elapsed: number;
  /** Milliseconds until the end, if there is a basis for an estimate. */
  left: number | undefined;
}

export interface Progress {
  note: Emit;
  /** Undefined if there is nothing to do. */
  tally: () => Tally | undefined;
}

/** An estimate needs so many certificates that are done, and so much time. */
const LEAST_DONE = 10;
const LEAST_TIME = 5 * SECOND;
/** It uses the last certificates only, as a CA may become slower. */
const MOST_RECENT = 50;

/** Counts what happens in a run. `clock` returns milliseconds. */
export function openProgress(clock: () => number): Progress {
  let began: number | undefined;
  let due: number | undefined;
  let done = 0;
  let failed = 0;
  let all = 0;
  let validated = 0;
  const asked = new Set<string>();
  /** The number of names in each order that is under way. */
  const orders = new Map<string | undefined, number>();
  const recent: number[] = [];

  const validate = (target: string | undefined) => {
    validated += orders.get(target) ?? 0;
    orders.delete(target);
  };
  const end = ({ outcome }: Extract<Event, { type: "ended" }>, target: string | undefined) => {
    // Those before are not due.
    if (due === undefined || began === undefined) return;
    if (outcome.kind === "issued") validate(target);
    orders.delete(target);
    if (outcome.kind === "failed") failed += 1;
    done = Math.min(done + 1, due);
    recent.push(clock());
    if (recent.length > MOST_RECENT) recent.shift();
  };
  const left = (now: number, start: number) => {
    const rest = (due ?? 0) - done;
    const first = done > recent.length ? recent[0] : start;
    if (rest === 0 || done < LEAST_DONE || now - start < LEAST_TIME || first === undefined)
      return undefined;
    return (rest * (now - first)) / recent.length;
  };
  return {
    note(event, target) {
      if (event.type === "triaged") {
        ({ due, names: all } = event);
        if (due > 0) began ??= clock();
      } else if (event.type === "ordered") {
        began ??= clock();
        orders.set(target, event.names.length);
        if (due === undefined) all = event.names.length;
      } else if (event.type === "answered") asked.add(event.name);
      else if (event.type === "validated") validate(target);
      else if (event.type === "ended") end(event, target);
    },
    tally() {
      if (began === undefined) return undefined;
      const now = clock();
      return {
        certificates: due === undefined ? undefined : { due, done, failed },
        names: { all, asked: asked.size > 0 ? asked.size : undefined, validated },
        elapsed: now - began,
        left: left(now, began),
      };
    },
  };
}
