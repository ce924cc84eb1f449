import type { RenewalInfo } from "../acme/renewal-info.ts";
import type { Origin } from "../store/state.ts";
import { after, DAY } from "../time.ts";
import type { Target } from "./target.ts";

/**
 * Whether a CA is to be asked for its wishes: not when somebody has said when to renew, nor
 * about a certificate that another program got, since a run of simp_le with nothing to do
 * asks nobody. A look that is to wait longer than any was put off by a clock that was wrong.
 */
export function isTimeToLook(
  { validAtLeast }: Target["want"],
  { from, lookAgain = new Date(0) }: Origin,
  now: Date,
): boolean {
  if (from === undefined || validAtLeast !== undefined) return false;
  return lookAgain <= now || lookAgain > after(now, DAY);
}

/**
 * An origin with what the CA has said: the moment in a window is drawn once, and
 * again only when the window changes (RFC 9773 section 4.2). `random` is in [0, 1).
 */
export function withRenewalInfo(
  origin: Origin,
  { window, lookAgain }: RenewalInfo,
  random: number,
): Origin {
  if (window === undefined) return { ...origin, lookAgain };
  const { start, end } = window;
  const before = origin.window;
  const same =
    before?.start.getTime() === start.getTime() &&
    before.end.getTime() === end.getTime();
  const pick = same
    ? before.pick
    : after(start, Math.floor(random * (end.getTime() - start.getTime())));
  const { explanation } = window;
  return { ...origin, window: { start, end, pick, explanation }, lookAgain };
}
