import type { Contents } from "../store/formats.ts";
import { loadSet, type Place } from "../store/set.ts";
import { type Origin, originOf, type State } from "../store/state.ts";

/** A set as it stands on disk. */
export interface Look {
  found: Contents;
  /** What is remembered of the certificate; undefined: there is none. */
  origin: Origin | undefined;
}

/** Throws as `loadSet` does. */
export function lookAt(place: Place, state: State): Look {
  const found = loadSet(place);
  return { found, origin: found.leaf && originOf(state, found.leaf.fingerprint256) };
}
