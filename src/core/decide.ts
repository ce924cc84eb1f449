import { after, DAY } from "../time.ts";
import { type Bundle, flawOf, namesOf, sameNames } from "../store/bundle.ts";
import type { Contents } from "../store/formats.ts";
import type { Target } from "./target.ts";

export type Decision =
  /** Nothing to do; `next` is when there will be. */
  { keep: true; bundle: Bundle; next: Date } | { keep: false; why: Why };

/** Why a certificate is issued: nothing there yet, a part of it missing, other names, too little life left, or asked for. */
export type Why = "missing" | "incomplete" | "names" | "expiring" | "forced";

/** Whether what is there satisfies what is wanted. */
export function decide(
  want: Target["want"],
  found: Contents,
  now: Date,
): Decision {
  const { key, leaf, chain } = found;
  if (want.force) return { keep: false, why: "forced" };
  if (leaf === undefined) return { keep: false, why: "missing" };
  if (!sameNames(namesOf(leaf), want.names))
    return { keep: false, why: "names" };
  const next = dueAt(leaf, want.validAtLeast);
  if (next <= now) return { keep: false, why: "expiring" };
  if (key === undefined || chain === undefined)
    return { keep: false, why: "incomplete" };
  const bundle = { key, leaf, chain };
  if (flawOf(bundle, want.names, now) !== undefined)
    return { keep: false, why: "incomplete" };
  return { keep: true, bundle, next };
}

/**
 * When a certificate is due: so long before its end, or when a third of its life
 * is left (half of it below ten days), as Let's Encrypt's integration guide asks.
 */
export function dueAt(
  leaf: Bundle["leaf"],
  validAtLeast: number | undefined,
): Date {
  const life = leaf.validToDate.getTime() - leaf.validFromDate.getTime();
  const share = life < 10 * DAY ? life / 2 : life / 3;
  return after(leaf.validToDate, -(validAtLeast ?? share));
}
