import type { RenewalInfo } from "../acme/renewal-info.ts";
import type { Origin } from "../store/state.ts";
import { after, DAY } from "../time.ts";
import type { Target } from "./target.ts";

/** The parts of a target that decide whether to ask a CA, and which. */
interface Asking {
  want: Pick<Target["want"], "validAtLeast">;
  ask: Pick<Target["ask"], "from">;
}

/**
 * The CA to ask now for renewal information, if any: the one that issued the certificate or, if
 * that is unknown, the first one in the list. No CA is asked if the user has set --valid_min:
 * simp_le asks none either. A CA that does not know the certificate is not asked again. If the next
 * look is more than a day away, it was set by a wrong clock, so ask now.
 */
export function authorityToAsk(
  { want, ask }: Asking,
  { from = ask.from[0], unknownTo, lookAgain = new Date(0) }: Origin,
  now: Date,
): string | undefined {
  if (want.validAtLeast !== undefined || from === unknownTo) return undefined;
  const isTime = lookAgain <= now || lookAgain > after(now, DAY);
  return isTime ? from : undefined;
}

interface Said {
  /** The CA that was asked. */
  from: string;
  info: RenewalInfo;
}

/**
 * Adds a CA's renewal information to an origin. The moment in a window is chosen once, and again
 * only if the window changes (RFC 9773 section 4.2). A CA that has a window for a certificate must
 * have issued it. `random` is in [0, 1).
 */
export function withRenewalInfo(
  origin: Origin,
  { from, info: { window, answered, lookAgain } }: Said,
  random: number,
): Origin {
  const isKnown = origin.from !== undefined;
  if (window === undefined)
    return answered && !isKnown
      ? { ...origin, unknownTo: from, lookAgain: undefined }
      : { ...origin, lookAgain };
  const { start, end } = window;
  const before = origin.window;
  const same =
    before?.start.getTime() === start.getTime() && before.end.getTime() === end.getTime();
  const pick = same
    ? before.pick
    : after(start, Math.floor(random * (end.getTime() - start.getTime())));
  const { explanation } = window;
  return {
    ...origin,
    ...(isKnown ? {} : { from, adopted: true, unknownTo: undefined }),
    window: { start, end, pick, explanation },
    lookAgain,
  };
}
