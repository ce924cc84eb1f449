import { type Bundle, flawOf, namesOf, sameNames } from "../store/bundle.ts";
import type { Origin } from "../store/state.ts";
import { after, DAY } from "../time.ts";
import { isOfType } from "./keys.ts";
import type { Look } from "./look.ts";
import type { Target } from "./target.ts";

export type Decision =
  /** Nothing to do before `next`. */
  { keep: true; bundle: Bundle; next: Date } | { keep: false; why: Why };

/**
 * Why a new certificate is needed: there is none, a part is missing or wrong, other names, another
 * type of key or profile, too little time left, the CA asks for it, or the user does.
 */
export type Why =
  "missing" | "incomplete" | "names" | "key" | "profile" | "expiring" | "renewal-info" | "forced";

type Want = Target["want"];
type Leaf = Bundle["leaf"];

/** Decides whether the certificate fulfils what the user wants. */
export function decide(want: Want, { found, origin }: Look, now: Date): Decision {
  const { key, leaf, chain } = found;
  if (want.force) return { keep: false, why: "forced" };
  if (leaf === undefined) return { keep: false, why: "missing" };
  const names = namesOf(leaf);
  if (!isForNames(want, names, origin)) return { keep: false, why: "names" };
  if (key !== undefined && want.key && !isOfType(key, want.key)) return { keep: false, why: "key" };
  if (isOtherProfile(want, origin)) return { keep: false, why: "profile" };
  const why = whyNow(want, { leaf, origin }, now);
  if (why !== undefined) return { keep: false, why };
  if (key === undefined || chain === undefined) return { keep: false, why: "incomplete" };
  const bundle = { key, leaf, chain };
  if (flawOf(bundle, names, now) !== undefined) return { keep: false, why: "incomplete" };
  return { keep: true, bundle, next: scheduleOf(want, leaf, origin).at };
}

/**
 * With `allowPartial`, names that failed when the certificate was issued may be missing: they are
 * tried again when it is renewed, and not in each run.
 */
function isForNames(
  { names: wanted, allowPartial }: Want,
  names: readonly string[],
  origin: Origin | undefined,
): boolean {
  const lacks = allowPartial ? (origin?.lacks ?? []) : [];
  return sameNames([...names, ...lacks.map(({ name }) => name)], wanted);
}

/**
 * If another program got the certificate, its profile is unknown. That is no reason for a new one.
 */
function isOtherProfile(want: Want, origin: Origin | undefined): boolean {
  return (
    want.profile !== undefined &&
    origin?.from !== undefined &&
    origin.adopted === undefined &&
    origin.profile !== want.profile
  );
}

/** In the last 1/20 of a certificate's life, renew it even if the CA's window is later. */
const LAST = 20;

/** Why a certificate must be renewed now; undefined if it need not. */
function whyNow(
  want: Want,
  { leaf, origin }: { leaf: Leaf; origin: Origin | undefined },
  now: Date,
): "expiring" | "renewal-info" | undefined {
  const due = dueAt(leaf, want.validAtLeast);
  if (want.validAtLeast !== undefined) return due <= now ? "expiring" : undefined;
  // Renew now if it would be due before the next run: that run, or the CA then, may fail.
  const isDue = (moment: Date) => early(moment, leaf, want.nextRun) <= now;
  if (isDue(after(leaf.validToDate, -lifeOf(leaf) / LAST))) return "expiring";
  const window = origin?.window;
  if (window === undefined) return isDue(due) ? "expiring" : undefined;
  // An order inside the window is exempt from rate limits. So wait if the next run will still be
  // inside it.
  const nextRun = after(now, want.nextRun);
  const soonest = now < window.start && nextRun < window.end ? now : nextRun;
  return window.pick <= soonest ? "renewal-info" : undefined;
}

/**
 * The moment, moved earlier by `ahead`, but never into the first half of the time up to it.
 * Otherwise a certificate with a life shorter than `ahead` would be renewed in every run.
 */
function early(moment: Date, leaf: Leaf, ahead: number): Date {
  const age = moment.getTime() - leaf.validFromDate.getTime();
  return after(moment, -Math.min(ahead, age / 2));
}

/**
 * What decides the time of renewal: --valid_min, the CA's window, or a share of the certificate's
 * life.
 */
export type Schedule = "valid-min" | "window" | "lifetime";

/** When a certificate will be due, as far as we know now. */
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
 * When a certificate is due if the CA has named no window: `validAtLeast` before its end; by
 * default when a third of its life is left, or half if it lives less than ten days (Let's Encrypt's
 * integration guide).
 */
function dueAt(leaf: Leaf, validAtLeast: number | undefined): Date {
  return after(leaf.validToDate, -(validAtLeast ?? shareOf(leaf)));
}

/** The part of a certificate's life that is left for renewals. */
function shareOf(leaf: Leaf): number {
  const life = lifeOf(leaf);
  return life < 10 * DAY ? life / 2 : life / 3;
}

/**
 * Whether more than half of the time for renewals is left. If the CA's window ended before that
 * time began, the CA may revoke the certificate at any moment.
 */
export function isGoodForLong(leaf: Leaf, origin: Origin | undefined, now: Date): boolean {
  const end = origin?.window?.end;
  if (end !== undefined && end <= now && end < dueAt(leaf, undefined)) return false;
  return now < after(leaf.validToDate, -shareOf(leaf) / 2);
}

function lifeOf(leaf: Leaf): number {
  return leaf.validToDate.getTime() - leaf.validFromDate.getTime();
}
