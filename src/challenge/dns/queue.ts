import pLimit, { type LimitFunction } from "p-limit";

/** Runs a change of a zone when its turn comes. All unknown zones share the empty name. */
export type ZoneQueue = <T>(zone: string, change: () => Promise<T>) => Promise<T>;

/** Each change may be a process, and may use the same DNS service. */
const MOST_AT_ONCE = 4;

/**
 * Changes of one zone run one after another, since many providers read a zone, change it and write
 * it back. A few zones are changed at the same time.
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
