import { causesOf, sayCauses } from "../causes.ts";
import { AppError, type NameProblem } from "../errors.ts";
import { showName } from "../name.ts";
import type { Failure } from "../store/state.ts";
import { after, DAY, MINUTE } from "../time.ts";

/**
 * How long scheduled runs leave a target alone after each failure in a row (Let's Encrypt's
 * integration guide).
 */
const STEPS = [MINUTE, 10 * MINUTE, 100 * MINUTE];

/**
 * The longest rate limit of Let's Encrypt. A CA that asks for more cannot stop renewals for ever.
 */
const LATEST = 7 * DAY;

/** The new failure, which counts those before it. */
export function failureAfter(
  before: Failure | undefined,
  error: AppError,
  { at, target }: Pick<Failure, "at" | "target">,
): Failure {
  const count = (before?.count ?? 0) + 1;
  const { code, hint, problems, retryAfter } = error;
  // A daily run may start a little earlier on some days.
  const step = STEPS[count - 1] ?? DAY - 100 * MINUTE;
  const soonest = after(at, step);
  const latest = after(at, LATEST);
  const asked = retryAfter ?? soonest;
  const next = asked > latest ? latest : asked > soonest ? asked : soonest;
  const message = problems.length > 0 ? causesIn(problems) : error.message;
  return { count, at, code, message, hint, next, target };
}

/** What failed, on one line and without the words that all such failures begin with. */
function causesIn(problems: readonly NameProblem[]): string {
  const cases = problems.map(({ name, detail, cause = "" }) => ({
    name,
    text: detail,
    kind: cause,
  }));
  return sayCauses(causesOf(cases), showName);
}

/** The failure as an error that says when the next try will be. */
export function postponed({ count, code, message, hint, next }: Failure): AppError {
  const times = count === 1 ? "once" : `${count} times in a row`;
  return new AppError(code, message, {
    retryAfter: next,
    hint: [hint, `It failed ${times}, so scheduled runs wait. To try now, add --retry.`]
      .filter((part) => part !== undefined)
      .join(" "),
  });
}
