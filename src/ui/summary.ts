import { essence, listed, readable } from "../causes.ts";
import { isUnfinished, type Outcome } from "../core/outcome.ts";
import { line, minute, type Write } from "./text.ts";

type Failed = Extract<Outcome, { kind: "failed" }>;

/** The most causes that are listed. */
const MOST_CAUSES = 5;
/** After this many messages about targets, the first ones are out of sight. */
const IN_SIGHT = 20;

/**
 * The summary of many targets: one line for each cause of failures, the most frequent first, and
 * one with the counts and the time of the next run.
 */
export function reportSummary(outcomes: readonly Outcome[], write: Write): void {
  reportFailures(outcomes, write);
  const unfinished = outcomes.filter(isUnfinished);
  const of = (kind: Outcome["kind"]) =>
    idsOf(outcomes.filter((outcome) => outcome.kind === kind && !isUnfinished(outcome)));
  const [issued, kept, failed] = [of("issued"), of("kept"), of("failed")];
  const counts = [sayIds("issued", issued), `${kept.length} kept`, sayIds("failed", failed)];
  const [first] = unfinished;
  if (first !== undefined) counts.push(`${unfinished.length} not finished`);
  const left =
    first === undefined
      ? ""
      : ` ${first.error.message} The next run goes on with what is not finished.`;
  const count = `${outcomes.length} ${outcomes.length === 1 ? "target" : "targets"}`;
  const plan = planOf(outcomes);
  write(
    line(
      failed.length + unfinished.length > 0 ? "warn" : "info",
      `${count}: ${counts.join(", ")}.${left}`,
      sayPlan(plan),
    ),
    {
      event: "summary",
      ...{ issued, kept, failed, unfinished: idsOf(unfinished) },
      ...{ renewal: plan.renewal?.toISOString(), retry: plan.retry?.toISOString() },
    },
  );
}

/** When the next run has something to do. */
interface Plan {
  /** The first renewal. */
  renewal: Date | undefined;
  /** The first new try of what failed. */
  retry: Date | undefined;
}

function planOf(outcomes: readonly Outcome[]): Plan {
  const first = (times: readonly Date[]) =>
    times.reduce<Date | undefined>(
      (soonest, time) => (soonest === undefined || time < soonest ? time : soonest),
      undefined,
    );
  const nextOf = (is: (outcome: Outcome) => boolean) =>
    first(
      outcomes.flatMap((outcome) =>
        is(outcome) && "next" in outcome && outcome.next ? [outcome.next] : [],
      ),
    );
  return {
    renewal: nextOf(({ kind }) => kind !== "failed"),
    retry: nextOf(({ kind }) => kind === "failed"),
  };
}

function sayPlan({ renewal, retry }: Plan): string | undefined {
  const told = [
    retry && `What failed can be tried again from ${minute(retry)}.`,
    renewal && `The next renewal is due on ${minute(renewal)}.`,
  ].filter((each) => each !== undefined);
  return told.length === 0 ? undefined : told.join(" ");
}

/** The same without counts, unless a signal stopped targets. */
export function reportTroubles(outcomes: readonly Outcome[], write: Write): void {
  if (outcomes.some(isUnfinished)) reportSummary(outcomes, write);
  else reportFailures(outcomes, write);
}

const idsOf = (outcomes: readonly Outcome[]) => outcomes.map(({ subject }) => subject.id);

/**
 * The causes that several targets share, with what to do. Failures with other causes were reported
 * when they happened, and are repeated only if that is out of sight.
 */
function reportFailures(outcomes: readonly Outcome[], write: Write): void {
  const causes = Map.groupBy(
    outcomes.filter((outcome) => outcome.kind === "failed" && !isUnfinished(outcome)) as Failed[],
    causeOf,
  );
  const messages = outcomes.filter(({ kind }) => kind !== "kept").length;
  const least = messages > IN_SIGHT ? 1 : 2;
  const shared = [...causes.values()]
    .filter(({ length }) => length >= least)
    .sort((a, b) => b.length - a.length);
  for (const failures of shared.slice(0, MOST_CAUSES)) {
    const ids = failures.map(({ subject }) => subject.id);
    const { code, hint } = failures[0]?.error ?? {};
    const text = `${ids.length} failed: ${reasonOf(failures)}: ${listed(ids)}.`;
    write(line("warn", text, hint), { event: "failures", code, targets: ids });
  }
  const more = shared.length - MOST_CAUSES;
  if (more > 0)
    write(
      line(
        "warn",
        `Others failed for ${more} more ${more === 1 ? "cause" : "causes"}; -v shows them.`,
      ),
      {
        event: "failures",
      },
    );
}

function reasonOf([first]: readonly Failed[]): string {
  const { problems = [], message = "" } = first?.error ?? {};
  return readable(problems[0]?.detail ?? message).replace(/\.$/, "");
}

/** A text that is equal for all targets that failed for the same cause. */
export function causeOf({ subject, error }: Failed): string {
  const { code, message, problems } = error;
  const { dir, names } = subject;
  const causes =
    problems.length > 0
      ? problems.map(({ name, detail, cause = "" }) => `${cause} ${essence(detail, [name])}`)
      : [essence(message, [dir, ...names])];
  return [code, ...new Set(causes)].sort().join("\n");
}

function sayIds(what: string, ids: readonly string[]): string {
  return ids.length === 0 ? `0 ${what}` : `${ids.length} ${what} (${listed(ids)})`;
}
