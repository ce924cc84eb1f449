import type { X509Certificate } from "node:crypto";
import type { Contents } from "../../store/formats.ts";
import { AppError } from "../../errors.ts";
import { namesOf } from "../../store/bundle.ts";
import { loadSet } from "../../store/set.ts";
import { type Failure, type Origin, originOf } from "../../store/state.ts";
import { decide, type Schedule, scheduleOf, type Why } from "../decide.ts";
import type { FoundSet } from "./find-sets.ts";
import type { Source, Target } from "../target.ts";

/** How things stand with a set, as far as can be told without a look at the CA. */
export interface Standing {
  id: string;
  dir: string;
  names: readonly string[];
  /** Whether `renew` knows what is wanted. */
  recorded: boolean;
  /** The file of targets that what is wanted is from. */
  source: Source | undefined;
  /** The URL of the directory of the CA that issued it, or is to. */
  from: string | undefined;
  profile: string | undefined;
  notAfter: Date | undefined;
  /** When it will be renewed; undefined: as soon as possible. */
  next: Date | undefined;
  why: Why | Schedule | undefined;
  /** Why it cannot be used as it is. */
  flaw: string | undefined;
  failure: Failure | undefined;
}

/** Never throws: what cannot be read is a flaw. */
export function standingOf(set: FoundSet, now: Date): Standing {
  const { id, dir, state, target, files } = set;
  const known = {
    dir,
    recorded: target !== undefined,
    source: target?.source,
    failure: state.failure,
  };
  const formats = target?.keep.formats ?? files;
  try {
    const found = loadSet({ dir, formats });
    const standing = certified(set, found, now);
    return { ...known, id: id || (standing.names[0] ?? dir), ...standing };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const names = target?.want.names ?? [];
    const flawed = { ...NOTHING, names, flaw: error.message };
    return { ...known, id: id || (names[0] ?? dir), ...flawed };
  }
}

const NOTHING = {
  from: undefined,
  profile: undefined,
  notAfter: undefined,
  next: undefined,
  why: undefined,
  flaw: undefined,
};

function certified(
  { state, target }: FoundSet,
  found: Contents,
  now: Date,
): Omit<Standing, "id" | "dir" | "recorded" | "source" | "failure"> {
  const { leaf } = found;
  const { names = [] } = target?.want ?? {};
  const wanted = {
    from: target?.ask.from[0],
    profile: target?.ask.profile?.name,
  };
  if (leaf === undefined) return { ...NOTHING, ...wanted, names, why: "missing" };
  const origin = originOf(state, leaf.fingerprint256);
  const { from, profile } = { ...wanted, ...origin };
  return {
    ...{ names: target ? names : namesOf(leaf), from, profile },
    ...{ notAfter: leaf.validToDate, flaw: undefined },
    ...planOf(target?.want, { found, leaf, origin, now }),
  };
}

interface Present {
  found: Contents;
  leaf: X509Certificate;
  origin: Origin;
  now: Date;
}

function planOf(
  want: Target["want"] | undefined,
  { leaf, ...present }: Present,
): Pick<Standing, "next" | "why"> {
  const decision = want && decide(want, present);
  if (decision?.keep === false) return { next: undefined, why: decision.why };
  const { at, by } = scheduleOf(want ?? {}, leaf, present.origin);
  return { next: at, why: by };
}

/** The most urgent first: what is due, then by the time of renewal. */
export function byUrgency(a: Standing, b: Standing): number {
  const urgency = ({ next, notAfter }: Standing) =>
    [next?.getTime() ?? 0, notAfter?.getTime() ?? 0] as const;
  const [nextA, endA] = urgency(a);
  const [nextB, endB] = urgency(b);
  return nextA - nextB || endA - endB || (a.id < b.id ? -1 : 1);
}
