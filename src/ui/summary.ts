import { essence, listed, readable } from "../causes.ts";
import { isUnfinished, type Outcome } from "../core/outcome.ts";
import { line, type Write } from "./text.ts";

type Failed = Extract<Outcome, { kind: "failed" }>;

/** The most causes that are listed. */
const MOST_CAUSES = 5;

/**
 * The summary of many targets: one line for each cause of several failures, the most frequent
 * first, and one with the counts.
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
  write(
    line(
      failed.length + unfinished.length > 0 ? "warn" : "info",
      `${count}: ${counts.join(", ")}.${left}`,
    ),
    {
      event: "summary",
      ...{ issued, kept, failed, unfinished: idsOf(unfinished) },
    },
  );
}

/** The same without counts, unless a signal stopped targets. */
export function reportTroubles(outcomes: readonly Outcome[], write: Write): void {
  if (outcomes.some(isUnfinished)) reportSummary(outcomes, write);
  else reportFailures(outcomes, write);
}

const idsOf = (outcomes: readonly Outcome[]) => outcomes.map(({ subject }) => subject.id);

/**
 * The causes that several targets share. Failures with other causes were reported when they
 * happened.
 */
function reportFailures(outcomes: readonly Outcome[], write: Write): void {
  const causes = Map.groupBy(
    outcomes.filter((outcome) => outcome.kind === "failed" && !isUnfinished(outcome)) as Failed[],
    causeOf,
  );
  const shared = [...causes.values()]
    .filter(({ length }) => length > 1)
    .sort((a, b) => b.length - a.length);
  for (const failures of shared.slice(0, MOST_CAUSES)) {
    const ids = failures.map(({ subject }) => subject.id);
    const code = failures[0]?.error.code;
    const text = `${ids.length} failed: ${reasonOf(failures)}: ${listed(ids)}.`;
    write(line("warn", text), { event: "failures", code, targets: ids });
  }
  const more = shared.length - MOST_CAUSES;
  if (more > 0)
    write(line("warn", `Others failed for ${more} more causes; -v shows them.`), {
      event: "failures",
    });
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
