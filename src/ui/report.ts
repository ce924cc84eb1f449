import type { Event, Outcome } from "../core/outcome.ts";
import { AppError } from "../errors.ts";
import {
  type Level,
  type Line,
  sayError,
  sayEvent,
  sayOutcome,
} from "./text.ts";

/** Where lines go: a level, a sentence, and what a program may want to know about it. */
export type Write = (line: Line, fields: Record<string, unknown>) => void;

export function reportEvent(event: Event, write: Write): void {
  const { type, ...fields } = event;
  write(sayEvent(event), { event: type, ...plain(fields) });
}

export function reportOutcome(outcome: Outcome, write: Write): void {
  const { id, want, keep } = outcome.target;
  const fields: Record<string, unknown> = {
    event: outcome.kind,
    target: id,
    names: want.names,
    dir: keep.dir,
  };
  if (outcome.kind === "failed") {
    write(sayOutcome(outcome), {
      ...fields,
      ...plain({ error: outcome.error }),
    });
    const { cause } = outcome.error;
    if (cause instanceof Error && !(cause instanceof AppError))
      write(line("debug", cause.stack ?? cause.message), fields);
    return;
  }
  const { bundle, next } = outcome;
  write(sayOutcome(outcome), {
    ...fields,
    ...(outcome.kind === "issued" ? { why: outcome.why } : {}),
    notAfter: bundle.leaf.validToDate.toISOString(),
    next: next.toISOString(),
  });
}

export function reportError(error: AppError, write: Write): void {
  write(line("error", sayError(error)), {
    event: "failed",
    ...plain({ error }),
  });
}

/** simp_le's: 2 when something failed, else 0 when something was done, else 1. */
export function exitCodeOf(outcomes: readonly Outcome[]): 0 | 1 | 2 {
  if (outcomes.some(({ kind }) => kind === "failed")) return 2;
  return outcomes.some(isNews) ? 0 : 1;
}

/** Whether there is something new on disk that a web server has to load. */
function isNews(outcome: Outcome): boolean {
  return (
    outcome.kind === "issued" || (outcome.kind === "kept" && outcome.completed)
  );
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
