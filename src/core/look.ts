import type { Contents } from "../store/formats.ts";
import { loadSet, type Place } from "../store/set.ts";
import { type Origin, originOf, type State } from "../store/state.ts";

/** A set on disk. */
export interface Look {
  found: Contents;
  /** What we remember of the certificate; undefined if there is no certificate. */
  origin: Origin | undefined;
}

/** Throws like `loadSet`. */
export function lookAt(place: Place, state: State): Look {
  const found = loadSet(place);
  return { found, origin: found.leaf && originOf(state, found.leaf.fingerprint256) };
}
