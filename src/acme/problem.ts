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

/** A problem document (RFC 7807) with subproblems (RFC 8555 section 6.7.1). */
export interface Problem {
  /** The type without `urn:ietf:params:acme:error:`; empty if the CA named none. */
  type: string;
  detail: string;
  /** The identifier that a subproblem is about. */
  about?: string;
  /** The algorithms that the CA accepts, for badSignatureAlgorithm (RFC 8555 section 6.2). */
  algorithms?: string[];
  /** A page about this problem, as an absolute URL. */
  instance?: string;
  subproblems: Problem[];
}

const PREFIX = "urn:ietf:params:acme:error:";

/** No order has more names. Longer names and details are cut. */
const MOST_SUBPROBLEMS = 1_000;
const LONGEST_NAME = 255;
const LONGEST_DETAIL = 1_000;

/** Reads a problem document. Unknown and missing members are no error. */
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
          // Subproblems of subproblems are not shown, and could go on without end.
          .map((each) => readProblem({ ...each, subproblems: [] }))
      : [],
  };
}

interface Circumstances {
  /** Completes "The CA refused to ...". */
  doing: string;
  now: Date;
  /** Hints by problem type that replace the usual ones. */
  hints?: Record<string, string>;
}

/** An answer in which the CA refuses a request. */
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

/**
 * New terms of service (RFC 8555 section 7.3.3): a link leads to them, and `instance` is the page
 * to agree to them.
 */
function termsHint({ type, instance }: Problem, { headers }: HttpAnswer): string | undefined {
  const [terms] = linksIn(headers["link"], "terms-of-service");
  if (type !== "userActionRequired" || terms === undefined) return undefined;
  const where = instance === undefined ? "" : ` at ${instance}`;
  return `The CA has new terms of service: read ${terms}, agree to them${where || " in the way the CA asks for"}, and run again.`;
}

/**
 * A problem in one line: its detail, the causes of its subproblems with their names, and its type.
 */
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

/** The problem of each name, if the document has subproblems. */
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
 * The time in an answer's Retry-After: seconds or a date (RFC 9110 section 10.2.3); undefined if it
 * is missing or malformed.
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

/** ACME has no deeper JSON. Walking through much deeper JSON could overflow the stack. */
const DEEPEST = 32;

/**
 * The value of a JSON text; undefined if it is not JSON. Its strings are safe to show and store
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
