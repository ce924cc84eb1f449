import { describeProblem } from "../acme/problem.ts";
import type { Authorization } from "../acme/resources.ts";
import { causesOf, cut, MOST_CAUSES, sayCauses } from "../causes.ts";
import type { Evidence } from "../challenge/evidence.ts";
import type { ChallengeType } from "../challenge/responder.ts";
import { AppError, type NameProblem } from "../errors.ts";
import { type Name, showName } from "../name.ts";
import { type Findings, findingsOf, isUnasked } from "./findings.ts";
import { explain } from "./reasons.ts";

/** A name that the CA has not validated. */
export interface Failed {
  name: Name;
  authorization: Authorization;
}

interface Validation {
  type: ChallengeType;
  /** What we saw while our answers were published, if there were any. */
  evidence?: ReadonlyMap<Name, Evidence>;
  /** The time ran out before the CA had a result. */
  late?: AppError;
}

/**
 * The error for names that were not validated. Each cause appears once, with what to do about it;
 * the hint is about the cause of the most names.
 */
export function rejected(failed: readonly Failed[], validation: Validation): AppError {
  const { type, evidence, late } = validation;
  const known = failed.map((one) => {
    const findings = findingsOf(one, type, evidence?.get(one.name));
    return { text: reasonOf(one, findings), problem: problemOf(one, findings) };
  });
  const problems = known.map(({ problem }) => problem);
  const causes = causesOf(
    known.map(({ text, problem: { name, cause } }) => ({ name, text, kind: cause })),
  );
  const told = causes.slice(0, MOST_CAUSES).map((cause) => ({
    said: sayCauses([cause], showName),
    hint: problems.find(({ name }) => name === cause.names[0])?.hint ?? "",
  }));
  const [most, ...others] = told;
  // The hint follows the last line, so the most frequent cause comes last.
  const rest = others.reverse().map(({ said, hint }) => `${said}\n${hint}\n`);
  const start = `The CA ${late === undefined ? "did not" : "took too long to"} validate`;
  const more = causes.length - told.length;
  const count = `${failed.length} names: ${told.length} causes, the most frequent last${more > 0 ? `, and ${more} more` : ""}:\n`;
  return new AppError(
    late === undefined ? "validation-failed" : "timed-out",
    `${start} ${rest.length > 0 ? count : ""}${rest.join("")}${most?.said ?? ""}`,
    {
      hint: most?.hint,
      retryAfter: late?.retryAfter,
      problems,
      cause: late,
    },
  );
}

function reasonOf({ authorization }: Failed, findings: Findings): string {
  const { error, status } = authorization;
  if (error !== undefined) return describeProblem(error);
  return `its authorization is ${status}${isUnasked(findings) ? ", and the CA never asked" : ""}`;
}

/** The limit for texts in JSON; nobody reads more. */
const LONGEST_DETAIL = 1_000;

function problemOf({ name, authorization }: Failed, findings: Findings) {
  const { error, status } = authorization;
  const { visit, seen } = findings;
  return {
    name,
    code: cut(error?.type || status, LONGEST_DETAIL),
    detail: cut(error ? describeProblem(error) : status, LONGEST_DETAIL),
    address: visit.address,
    url: visit.url && cut(visit.url.href, LONGEST_DETAIL),
    status: visit.status,
    ...explain(findings),
    ...(Object.keys(seen).length > 0 && { seen }),
  } satisfies NameProblem;
}
