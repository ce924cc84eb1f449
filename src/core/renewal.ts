import type { RenewalInfo } from "../acme/renewal-info.ts";
import type { Origin } from "../store/state.ts";
import { after, DAY } from "../time.ts";
import type { Target } from "./target.ts";

/** What a target says of whom to ask, and whether to. */
interface Asking {
  want: Pick<Target["want"], "validAtLeast">;
  ask: Pick<Target["ask"], "from">;
}

/**
 * The CA that is to be asked now for its wishes, if any: the certificate's, or the one it may be of, which is the first
 * that is named. Nobody is asked when somebody has said when to renew, since simp_le asks nobody then, nor a CA that had
 * nothing to say. A look that is to wait longer than any was put off by a clock that was wrong.
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
 * An origin with what a CA has said: the moment in a window is drawn once, and again only when the window changes
 * (RFC 9773 section 4.2). A CA that has one for a certificate has issued it. `random` is in [0, 1).
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
