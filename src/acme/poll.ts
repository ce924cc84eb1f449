import { AppError } from "../errors.ts";
import { after, MINUTE, SECOND, sleep, type Clock } from "../time.ts";

export interface Look<T> {
  /** The current resource, and when the CA wants the next look. */
  value: T;
  retryAfter: Date | undefined;
}

interface Poll<T> {
  look: () => Promise<Look<T>>;
  done: (value: T) => boolean;
  /** Completes "The CA took too long to ...". */
  what: string;
  now: Clock;
  signal: AbortSignal;
}

const DEADLINE = 5 * MINUTE;
const WITHOUT_RETRY_AFTER = 1 * SECOND;

/**
 * Looks at a resource until `done`: first at once, then when Retry-After says (RFC 8555 section
 * 7.5.1). Throws `timed-out` as soon as the next look would be after the deadline.
 */
export async function poll<T>({ look, done, what, now, signal }: Poll<T>): Promise<T> {
  const deadline = after(now(), DEADLINE);
  for (;;) {
    const { value, retryAfter } = await look();
    if (done(value)) return value;
    const next = retryAfter ?? after(now(), WITHOUT_RETRY_AFTER);
    if (next > deadline)
      throw new AppError("timed-out", `The CA took too long to ${what}.`, {
        hint: "Run again later.",
        retryAfter,
      });
    await sleep(Math.max(next.getTime() - now().getTime(), SECOND / 10), signal);
  }
}
