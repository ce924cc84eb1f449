import { causesOf, cut, sayCauses } from "../causes.ts";
import { AppError, type NameProblem } from "../errors.ts";
import { entryOf, isRecord } from "../json.ts";
import { showName } from "../name.ts";
import { shown } from "../shown.ts";
import { SECOND } from "../time.ts";
import { consequenceOf } from "./consequences.ts";
import type { HttpAnswer } from "./http.ts";
import { linksIn } from "./links.ts";
import { isWebAddress } from "./protocol.ts";

/** A problem document, RFC 7807 with the subproblems of RFC 8555 section 6.7.1. */
export interface Problem {
  /** Without the `urn:ietf:params:acme:error:` in front; empty when the CA named none. */
  type: string;
  detail: string;
  /** The identifier a subproblem is about. */
  about?: string;
  /** The algorithms that the CA takes, with badSignatureAlgorithm (section 6.2). */
  algorithms?: string[];
  /** The address of what happened, as an absolute URL. */
  instance?: string;
  subproblems: Problem[];
}

const PREFIX = "urn:ietf:params:acme:error:";

/** No order has more names; a name and what is said of it are no longer, or cut. */
const MOST_SUBPROBLEMS = 1_000;
const LONGEST_NAME = 255;
const LONGEST_DETAIL = 1_000;

/** Reads what may be a problem document; unknown and missing members are no error. */
export function readProblem(value: unknown): Problem {
  const fields = isRecord(value) ? value : {};
  const type = typeof fields["type"] === "string" ? fields["type"] : "";
  const identifier = isRecord(fields["identifier"]) ? fields["identifier"] : {};
  const about = identifier["value"];
  const { algorithms, instance } = fields;
  return {
    type: type.startsWith(PREFIX) ? type.slice(PREFIX.length) : type,
    detail: typeof fields["detail"] === "string" ? fields["detail"] : "",
    ...(typeof about === "string" ? { about } : {}),
    ...(isWebAddress(instance) ? { instance } : {}),
    ...(Array.isArray(algorithms)
      ? { algorithms: algorithms.filter((each) => typeof each === "string") }
      : {}),
    subproblems: Array.isArray(fields["subproblems"])
      ? fields["subproblems"]
          .filter(isRecord)
          .slice(0, MOST_SUBPROBLEMS)
          // Those of a subproblem are not shown, and there might be no end to them.
          .map((each) => readProblem({ ...each, subproblems: [] }))
      : [],
  };
}

interface Circumstances {
  /** Completes "The CA refused to ...". */
  doing: string;
  now: Date;
  /** What to do about it, by problem type, where that is not the usual. */
  hints?: Record<string, string>;
}

/** An answer of the CA that refuses what was asked. */
export class ProblemError extends AppError {
  readonly problem: Problem;
  readonly status: number;

  constructor(answer: HttpAnswer, { doing, now, hints = {} }: Circumstances) {
    const problem = readProblem(parseJson(answer.text));
    const { code, scope, hint } = consequenceOf(problem, answer.status);
    super(code, `The CA refused to ${doing}: ${describe(problem, answer)}`, {
      scope,
      hint: entryOf(hints, problem.type) ?? termsHint(problem, answer) ?? hint,
      retryAfter: retryAfter(answer, now) ?? timeIn(problem.detail),
      problems: problemsIn(problem),
    });
    this.problem = problem;
    this.status = answer.status;
  }
}

/** RFC 8555 section 7.3.3: the new terms are linked, and `instance` is where to agree to them. */
function termsHint({ type, instance }: Problem, { headers }: HttpAnswer): string | undefined {
  const [terms] = linksIn(headers["link"], "terms-of-service");
  if (type !== "userActionRequired" || terms === undefined) return undefined;
  const where = instance === undefined ? "" : ` at ${instance}`;
  return `The CA has new terms of service: read ${terms}, agree to them${where || " in the way the CA asks for"}, and run again.`;
}

/** One line for a problem: its sentence, the causes in its subproblems with whom they are about, its type. */
export function describeProblem(problem: Problem): string {
  const causes = causesOf(
    problem.subproblems.map(({ about = "?", detail }) => ({
      name: about,
      text: detail,
    })),
  );
  const parts = [problem.detail, sayCauses(causes, showName)];
  const sentence = parts.filter((part) => part !== "").join("; ");
  const known = problem.type === "" || problem.type === "about:blank" ? "" : ` (${problem.type})`;
  return `${sentence === "" ? "it gave no reason" : sentence}${known}`;
}

/** What is wrong with each name, where there are several. */
export function problemsIn({ subproblems }: Problem): NameProblem[] {
  return subproblems.map((sub) => ({
    name: cut(sub.about ?? "?", LONGEST_NAME),
    code: cut(sub.type, LONGEST_NAME),
    detail: cut(sub.detail, LONGEST_DETAIL),
  }));
}

function describe(problem: Problem, answer: HttpAnswer): string {
  return problem.type === "" && problem.detail === ""
    ? `it answered with HTTP status ${answer.status}.`
    : describeProblem(problem);
}

/**
 * The moment an answer's Retry-After names (RFC 9110 section 10.2.3: seconds or
 * a date), if it has one that can be read.
 */
export function retryAfter(answer: HttpAnswer, now: Date): Date | undefined {
  const value = answer.headers["retry-after"];
  if (typeof value !== "string") return undefined;
  const time = /^\d+$/.test(value) ? now.getTime() + Number(value) * SECOND : Date.parse(value);
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** The time in a sentence such as Let's Encrypt's "retry after 2026-01-02 03:04:05 UTC". */
function timeIn(detail: string): Date | undefined {
  const [, day, time] =
    /retry after (\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d) ?(?:UTC|Z)/i.exec(detail) ?? [];
  const date = new Date(`${day ?? ""}T${time ?? ""}Z`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** Nothing of ACME is nested deeper, and what is cannot be walked through safely. */
const DEEPEST = 32;

/**
 * The value of a JSON text, or undefined when it is not JSON. Its strings may be shown and kept
 * (`shown`).
 */
export function parseJson(text: string): unknown {
  try {
    return tamed(JSON.parse(text), DEEPEST);
  } catch {
    return undefined;
  }
}

function tamed(value: unknown, left: number): unknown {
  if (typeof value === "string") return shown(value);
  if (typeof value !== "object" || value === null) return value;
  if (left === 0) throw new SyntaxError("It is nested too deep.");
  if (Array.isArray(value)) return value.map((each) => tamed(each, left - 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [shown(name), tamed(each, left - 1)]),
  );
}
