import type { RenewalInfo } from "../acme/renewal-info.ts";
import type { Origin } from "../store/state.ts";
import { after } from "../time.ts";
import type { Target } from "./target.ts";

/**
 * Whether a CA is to be asked for its wishes: not when somebody has said when to renew, nor
 * about a certificate that another program got, since a run of simp_le with nothing to do
 * asks nobody.
 */
export function isTimeToLook(
  { validAtLeast }: Target["want"],
  { from, lookAgain = new Date(0) }: Origin,
  now: Date,
): boolean {
  return from !== undefined && validAtLeast === undefined && lookAgain <= now;
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
