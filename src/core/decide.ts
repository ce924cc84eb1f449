import { type Bundle, flawOf, namesOf, sameNames } from "../store/bundle.ts";
import type { Origin } from "../store/state.ts";
import { after, DAY } from "../time.ts";
import { isOfType } from "./keys.ts";
import type { Look } from "./look.ts";
import type { Target } from "./target.ts";

export type Decision =
  /** Nothing to do; `next` is when there will be. */
  { keep: true; bundle: Bundle; next: Date } | { keep: false; why: Why };

/**
 * Why a certificate is issued: nothing there yet, a part of it missing, other names,
 * another kind of key or profile, too little life left, the CA's wish, or asked for.
 */
export type Why =
  "missing" | "incomplete" | "names" | "key" | "profile" | "expiring" | "renewal-info" | "forced";

type Want = Target["want"];
type Leaf = Bundle["leaf"];

/** Whether what is there satisfies what is wanted. */
export function decide(want: Want, { found, origin }: Look, now: Date): Decision {
  const { key, leaf, chain } = found;
  if (want.force) return { keep: false, why: "forced" };
  if (leaf === undefined) return { keep: false, why: "missing" };
  if (!sameNames(namesOf(leaf), want.names)) return { keep: false, why: "names" };
  if (key !== undefined && want.key && !isOfType(key, want.key)) return { keep: false, why: "key" };
  if (isOtherProfile(want, origin)) return { keep: false, why: "profile" };
  const why = whyNow(want, { leaf, origin }, now);
  if (why !== undefined) return { keep: false, why };
  if (key === undefined || chain === undefined) return { keep: false, why: "incomplete" };
  const bundle = { key, leaf, chain };
  if (flawOf(bundle, want.names, now) !== undefined) return { keep: false, why: "incomplete" };
  return { keep: true, bundle, next: scheduleOf(want, leaf, origin).at };
}

/** The profile is not known of a certificate that another program got, and then not the reason for a new one. */
function isOtherProfile(want: Want, origin: Origin | undefined): boolean {
  return (
    want.profile !== undefined &&
    origin?.from !== undefined &&
    origin.adopted === undefined &&
    origin.profile !== want.profile
  );
}

/** The last part of a certificate's life, in which nothing but its end counts. */
const LAST = 20;

/** Why a certificate has to be renewed now, if it has. */
function whyNow(
  want: Want,
  { leaf, origin }: { leaf: Leaf; origin: Origin | undefined },
  now: Date,
): "expiring" | "renewal-info" | undefined {
  const due = dueAt(leaf, want.validAtLeast);
  if (want.validAtLeast !== undefined) return due <= now ? "expiring" : undefined;
  // What would be due before the next run is due now: that run, or the CA then, may fail.
  const isDue = (moment: Date) => early(moment, leaf, want.nextRun) <= now;
  if (isDue(after(leaf.validToDate, -lifeOf(leaf) / LAST))) return "expiring";
  const window = origin?.window;
  if (window === undefined) return isDue(due) ? "expiring" : undefined;
  // Inside the window an order is exempt from rate limits, so an earlier run leaves it to one that will be inside.
  const nextRun = after(now, want.nextRun);
  const soonest = now < window.start && nextRun < window.end ? now : nextRun;
  return window.pick <= soonest ? "renewal-info" : undefined;
}

/**
 * So long before a moment, but not in the first half of the time from a certificate's beginning to it: one that lives
 * shorter than it takes to the next run would be renewed in every run otherwise.
 */
function early(moment: Date, leaf: Leaf, ahead: number): Date {
  const age = moment.getTime() - leaf.validFromDate.getTime();
  return after(moment, -Math.min(ahead, age / 2));
}

/** What a certificate's renewal goes by: --valid_min, the CA's wish, or a share of its life. */
export type Schedule = "valid-min" | "window" | "lifetime";

/** When a certificate will be due, by what is known now. */
export function scheduleOf(
  { validAtLeast }: { validAtLeast?: number | undefined },
  leaf: Leaf,
  origin: Origin | undefined,
): { at: Date; by: Schedule } {
  const at = dueAt(leaf, validAtLeast);
  if (validAtLeast !== undefined) return { at, by: "valid-min" };
  const pick = origin?.window?.pick;
  return pick === undefined ? { at, by: "lifetime" } : { at: pick, by: "window" };
}

/**
 * When a certificate is due without a wish of the CA: so long before its end, or
 * when a third of its life is left (half of it below ten days), as Let's Encrypt's
 * integration guide asks.
 */
function dueAt(leaf: Leaf, validAtLeast: number | undefined): Date {
  const life = lifeOf(leaf);
  const share = life < 10 * DAY ? life / 2 : life / 3;
  return after(leaf.validToDate, -(validAtLeast ?? share));
}

function lifeOf(leaf: Leaf): number {
  return leaf.validToDate.getTime() - leaf.validFromDate.getTime();
}
