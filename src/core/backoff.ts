import { AppError } from "../errors.ts";
import type { Failure } from "../store/state.ts";
import { after, DAY, MINUTE } from "../time.ts";

/** How long a scheduled run leaves a target alone after so many failures in a row, as Let's Encrypt's integration guide asks. */
const STEPS = [MINUTE, 10 * MINUTE, 100 * MINUTE];

/** The longest limit of Let's Encrypt: a CA that asks for more does not keep a set from being renewed for ever. */
const LATEST = 7 * DAY;

/** A failure, after those before it. */
export function failureAfter(
  before: Failure | undefined,
  error: AppError,
  { at, target }: Pick<Failure, "at" | "target">,
): Failure {
  const count = (before?.count ?? 0) + 1;
  const { code, message, hint, retryAfter } = error;
  // What runs once a day starts a little earlier on some days.
  const step = STEPS[count - 1] ?? DAY - 100 * MINUTE;
  const soonest = after(at, step);
  const latest = after(at, LATEST);
  const asked = retryAfter ?? soonest;
  const next = asked > latest ? latest : asked > soonest ? asked : soonest;
  return { count, at, code, message, hint, next, target };
}

/** The failure as an error that says when there will be another try. */
export function postponed({ count, code, message, next }: Failure): AppError {
  const times = count === 1 ? "once" : `${count} times`;
  return new AppError(code, message, {
    retryAfter: next,
    hint: `It failed ${times} in a row, so scheduled runs wait. To try now, add --retry.`,
  });
}
