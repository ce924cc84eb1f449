import pLimit, { type LimitFunction } from "p-limit";

/** Runs a change of a zone when it is its turn; the zone without a name is all that are unknown. */
export type ZoneQueue = <T>(zone: string, change: () => Promise<T>) => Promise<T>;

/** Each may be a process, and a client of the same service. */
const MOST_AT_ONCE = 4;

/**
 * Changes of one zone come one after another: many providers read a zone, change it and
 * write it back. Of different zones a few are changed at a time.
 */
export function openZoneQueue(): ZoneQueue {
  const all = pLimit(MOST_AT_ONCE);
  const zones = new Map<string, LimitFunction>();
  return (zone, change) => {
    const turn = zones.get(zone) ?? pLimit(1);
    zones.set(zone, turn);
    return turn(() => all(change));
  };
}
