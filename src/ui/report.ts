import type { Event, Outcome } from "../core/outcome.ts";
import { AppError } from "../errors.ts";
import { renewalOf, sayOutcome } from "./outcome.ts";
import { type Level, type Line, sayError, sayEvent } from "./text.ts";

/** Where lines go: a level, a sentence, and what a program may want to know about it. */
export type Write = (line: Line, fields: Record<string, unknown>) => void;

/** `target`: the id of the one among many that an event is about; what went well on the way is for -v then. */
export function reportEvent(event: Event, write: Write, target?: string): void {
  if (event.type === "ended") {
    reportEnded(event.outcome, write);
    return;
  }
  const { type, ...fields } = event;
  const { level, text } = sayEvent(event);
  if (target === undefined)
    write({ level, text }, { event: type, ...plain(fields) });
  else
    write(
      { level: level === "info" ? "debug" : level, text: `${target}: ${text}` },
      { event: type, target, ...plain(fields) },
    );
}

/** One of several: what is as it was, is for -v. */
function reportEnded(outcome: Outcome, write: Write): void {
  const { id } = outcome.subject;
  reportOutcome(outcome, ({ level, text }, fields) => {
    const quiet = outcome.kind === "kept" && !outcome.completed;
    write({ level: quiet ? "debug" : level, text: `${id}: ${text}` }, fields);
  });
}

/** What became of many targets, in one line each way of ending. */
export function reportSummary(
  outcomes: readonly Outcome[],
  write: Write,
): void {
  const ids = (kind: Outcome["kind"]) =>
    outcomes
      .filter((outcome) => outcome.kind === kind)
      .map(({ subject }) => subject.id);
  const [issued, kept, failed] = [ids("issued"), ids("kept"), ids("failed")];
  const count = `${outcomes.length} ${outcomes.length === 1 ? "target" : "targets"}`;
  write(
    line(
      failed.length > 0 ? "warn" : "info",
      `${count}: ${sayIds("issued", issued)}, ${kept.length} kept, ${sayIds("failed", failed)}.`,
    ),
    { event: "summary", issued, kept, failed },
  );
}

function sayIds(what: string, ids: readonly string[]): string {
  return ids.length === 0
    ? `0 ${what}`
    : `${ids.length} ${what} (${ids.join(", ")})`;
}

export function reportOutcome(outcome: Outcome, write: Write): void {
  const { id, names, dir } = outcome.subject;
  const fields: Record<string, unknown> = {
    event: outcome.kind,
    ...{ target: id, names, dir },
  };
  if (outcome.kind === "told") return;
  if (outcome.kind === "failed") reportError(outcome.error, write, fields);
  else write(sayOutcome(outcome), { ...fields, ...detailsOf(outcome) });
}

function detailsOf(
  outcome: Exclude<Outcome, { kind: "failed" | "told" }>,
): Record<string, unknown> {
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
  write(line("error", sayError(error)), { ...fields, ...plain({ error }) });
  const { cause } = error;
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
    case "told":
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

const line = (level: Level, text: string): Line => ({ level, text });

/** Errors as data; everything else as it is. */
function plain(fields: Record<string, unknown>): Record<string, unknown> {
  const { error, ...others } = fields;
  if (!(error instanceof AppError)) return fields;
  const { code, message, hint, retryAfter } = error;
  return {
    ...others,
    error: { code, message, hint, retryAfter: retryAfter?.toISOString() },
  };
}
