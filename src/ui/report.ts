import { type Emit, type Event, isUnfinished, type Outcome } from "../core/outcome.ts";
import { AppError } from "../errors.ts";
import { showName } from "../name.ts";
import { renewalOf, sayOutcome } from "./outcome.ts";
import { causeOf } from "./summary.ts";
import { line, sayError, sayEvent, type Write } from "./text.ts";

/**
 * Reports what happens in a run. A cause that people have seen for one target is not repeated for
 * others.
 */
export interface Report {
  /**
   * `target`: the event is about this one of many targets. Then good news is shown only with -v.
   */
  event: Emit;
}

/**
 * `ended` is called for each of several targets when it ends, except those that a signal stopped.
 */
export function openReport(write: Write, ended?: (outcome: Outcome) => void): Report {
  const told = new Set<string>();
  return {
    event(event, target) {
      if (event.type !== "ended") reportStep(event, write, target);
      else if (!isUnfinished(event.outcome)) {
        reportEnded(event.outcome, told, write);
        ended?.(event.outcome);
      }
    },
  };
}

function reportStep(
  event: Exclude<Event, { type: "ended" }>,
  write: Write,
  target: string | undefined,
): void {
  const { type, ...fields } = event;
  const said = sayEvent(event);
  if (target === undefined) write(said, { event: type, ...plain(fields) });
  else
    write(
      {
        ...said,
        level: said.level === "info" ? "debug" : said.level,
        text: `${target}: ${said.text}`,
      },
      { event: type, target, ...plain(fields) },
    );
}

/**
 * Reports one of several targets. Unchanged targets, and failures with a cause that was shown,
 * appear only with -v. The summary counts them.
 */
function reportEnded(outcome: Outcome, told: Set<string>, write: Write): void {
  const { id } = outcome.subject;
  const cause = outcome.kind === "failed" ? causeOf(outcome) : undefined;
  const again = cause !== undefined && told.has(cause);
  if (cause !== undefined) told.add(cause);
  const kept = outcome.kind === "kept" && !outcome.completed;
  reportOutcome(outcome, (said, fields) => {
    write(
      {
        ...said,
        level: kept ? "debug" : said.level,
        text: `${id}: ${said.text}`,
        ...(again ? { quiet: "always" } : {}),
      },
      fields,
    );
  });
}

export function reportOutcome(outcome: Outcome, write: Write): void {
  const { id, names, dir } = outcome.subject;
  const fields: Record<string, unknown> = {
    event: outcome.kind,
    ...{ target: id, names, dir },
  };
  if (outcome.kind === "failed") reportError(outcome.error, write, fields);
  else write(sayOutcome(outcome), { ...fields, ...detailsOf(outcome) });
}

function detailsOf(outcome: Exclude<Outcome, { kind: "failed" }>): Record<string, unknown> {
  if (outcome.kind === "revoked" || outcome.kind === "deactivated")
    return { before: outcome.before };
  if (outcome.kind === "rolled-over") {
    const { uri, thumbprint } = outcome;
    return { uri, thumbprint };
  }
  if (outcome.kind === "tried") return { from: outcome.from };
  if (outcome.kind === "imported")
    return {
      changed: outcome.changed,
      account: outcome.account,
      notAfter: outcome.notAfter?.toISOString(),
      renewal: renewalOf(outcome),
    };
  const { notAfter, next, lacks } = outcome;
  return {
    ...(outcome.kind === "issued" ? { why: outcome.why } : {}),
    notAfter: notAfter.toISOString(),
    next: next.toISOString(),
    ...(lacks.length > 0 ? { lacks } : {}),
  };
}

export function reportWarning(text: string, write: Write): void {
  write(line("warn", text), { event: "warning" });
}

export function reportError(
  error: AppError,
  write: Write,
  fields: Record<string, unknown> = { event: "failed" },
): void {
  const { cause, hint, problems } = error;
  write(line("error", sayError(error), hint), {
    ...fields,
    ...plain({ error }),
  });
  if (problems.length > 1)
    for (const problem of problems)
      write(line("debug", `${showName(problem.name)}: ${problem.detail}`), {
        ...fields,
        event: "problem",
        problem,
      });
  if (cause instanceof Error && !(cause instanceof AppError))
    write(line("debug", cause.stack ?? cause.message), fields);
}

/** As in simp_le: 2 if something failed, otherwise 0 if something was done, otherwise 1. */
export function exitCodeOf(outcomes: readonly Outcome[]): 0 | 1 | 2 {
  if (outcomes.some(({ kind }) => kind === "failed")) return 2;
  return outcomes.some(isNews) ? 0 : 1;
}

/**
 * Whether something was done. For a certificate: whether there is a new file for the web server to
 * load.
 */
function isNews(outcome: Outcome): boolean {
  switch (outcome.kind) {
    case "issued":
    case "tried":
      return true;
    case "kept":
      return outcome.completed;
    case "rolled-over":
      return true;
    case "revoked":
    case "deactivated":
      return !outcome.before;
    case "imported":
      return outcome.changed;
    case "failed":
      return false;
  }
}

/** Errors become data; other values stay. */
function plain(fields: Record<string, unknown>): Record<string, unknown> {
  const { error, ...others } = fields;
  if (!(error instanceof AppError)) return fields;
  const { code, message, hint, retryAfter, problems } = error;
  return {
    ...others,
    error: {
      ...{ code, message, hint, retryAfter: retryAfter?.toISOString() },
      ...(problems.length > 0 ? { problems } : {}),
    },
  };
}
