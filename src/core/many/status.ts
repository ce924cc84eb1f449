import { AppError, type NameProblem } from "../../errors.ts";
import type { Failure } from "../../store/state.ts";
import { type Bundle, namesOf } from "../../store/bundle.ts";
import { decide, type Schedule, scheduleOf, type Why } from "../decide.ts";
import { type Look, lookAt } from "../look.ts";
import type { FoundSet } from "./find-sets.ts";
import type { Source, Target } from "../target.ts";

/** The status of a set, as far as we know it without asking the CA. */
export interface StatusRow {
  id: string;
  dir: string;
  names: readonly string[];
  /** The names that the certificate is not for, since they failed. */
  lacks: readonly NameProblem[];
  /** Whether a target is recorded, so that `renew` can renew it. */
  recorded: boolean;
  /** The file of targets that contains the target. */
  source: Source | undefined;
  /** The directory URL of the CA that issued the certificate, or will. */
  from: string | undefined;
  profile: string | undefined;
  notBefore: Date | undefined;
  notAfter: Date | undefined;
  /** When it will be renewed; undefined: as soon as possible. */
  next: Date | undefined;
  why: Why | Schedule | undefined;
  /** Why the set is unusable. */
  flaw: string | undefined;
  failure: Failure | undefined;
}

/** Never throws: an unreadable file is a flaw. */
export function statusOf(set: FoundSet, now: Date): StatusRow {
  const { id, dir, state, target, files } = set;
  const known = {
    dir,
    recorded: target !== undefined,
    source: target?.source,
    failure: state.failure,
  };
  const formats = target?.keep.formats ?? files;
  try {
    const row = certified(set, lookAt({ dir, formats }, state), now);
    return { ...known, id: id || (row.names[0] ?? dir), ...row };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const names = target?.want.names ?? [];
    const flawed = { ...NOTHING, names, flaw: error.message };
    return { ...known, id: id || (names[0] ?? dir), ...flawed };
  }
}

const NOTHING = {
  lacks: [],
  from: undefined,
  profile: undefined,
  notBefore: undefined,
  notAfter: undefined,
  next: undefined,
  why: undefined,
  flaw: undefined,
};

function certified(
  { target }: FoundSet,
  look: Look,
  now: Date,
): Omit<StatusRow, "id" | "dir" | "recorded" | "source" | "failure"> {
  const { leaf } = look.found;
  const { names = [] } = target?.want ?? {};
  const wanted = {
    from: target?.ask.from[0],
    profile: target?.ask.profile?.name,
  };
  if (leaf === undefined) return { ...NOTHING, ...wanted, names, why: "missing" };
  const { from, profile } = { ...wanted, ...look.origin };
  return {
    names: target ? names : namesOf(leaf),
    from,
    profile,
    notBefore: leaf.validFromDate,
    notAfter: leaf.validToDate,
    lacks: look.origin?.lacks ?? [],
    flaw: undefined,
    ...planOf(target?.want, { leaf, look, now }),
  };
}

function planOf(
  want: Target["want"] | undefined,
  { leaf, look, now }: { leaf: Bundle["leaf"]; look: Look; now: Date },
): Pick<StatusRow, "next" | "why"> {
  const decision = want && decide(want, look, now);
  if (decision?.keep === false) return { next: undefined, why: decision.why };
  const { at, by } = scheduleOf(want ?? {}, leaf, look.origin);
  return { next: at, why: by };
}

/** Sorts by urgency: first those that are due, then by the time of renewal. */
export function byUrgency(a: StatusRow, b: StatusRow): number {
  const urgency = ({ next, notAfter }: StatusRow) =>
    [next?.getTime() ?? 0, notAfter?.getTime() ?? 0] as const;
  const [nextA, endA] = urgency(a);
  const [nextB, endB] = urgency(b);
  return nextA - nextB || endA - endB || (a.id < b.id ? -1 : 1);
}
