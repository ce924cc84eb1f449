import { type Emit, type Event, isUnfinished, type Outcome } from "../core/outcome.ts";
import { AppError } from "../errors.ts";
import { showName } from "../name.ts";
import { renewalOf, sayOutcome } from "./outcome.ts";
import { causeOf } from "./summary.ts";
import { line, sayError, sayEvent, type Write } from "./text.ts";

/** Tells what happens in a run. What it has told of one target it does not tell people of the next. */
export interface Report {
  /** `target`: the id of the one among many that an event is about; what went well on the way is for -v then. */
  event: Emit;
}

/** `ended`: called for each of several targets as it ends, but for those that a signal has stopped. */
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

/** One of several: what is as it was is for -v, and so is what failed as another did, which the summary counts. */
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
      notAfter: outcome.bundle?.leaf.validToDate.toISOString(),
      renewal: renewalOf(outcome),
    };
  const { bundle, next } = outcome;
  return {
    ...(outcome.kind === "issued" ? { why: outcome.why } : {}),
    notAfter: bundle.leaf.validToDate.toISOString(),
    next: next.toISOString(),
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

/** simp_le's: 2 when something failed, else 0 when something was done, else 1. */
export function exitCodeOf(outcomes: readonly Outcome[]): 0 | 1 | 2 {
  if (outcomes.some(({ kind }) => kind === "failed")) return 2;
  return outcomes.some(isNews) ? 0 : 1;
}

/** Whether something was done: for a certificate, that there is a new file for the web server to load. */
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

/** Errors as data; everything else as it is. */
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
