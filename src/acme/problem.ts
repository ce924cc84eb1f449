import { AppError, type ErrorCode, type Scope } from "../errors.ts";
import { SECOND } from "../time.ts";
import type { HttpAnswer } from "./http.ts";

/** A problem document, RFC 7807 with the subproblems of RFC 8555 section 6.7.1. */
export interface Problem {
  /** Without the `urn:ietf:params:acme:error:` in front; empty when the CA named none. */
  type: string;
  detail: string;
  /** The identifier a subproblem is about. */
  about?: string;
  subproblems: Problem[];
}

const PREFIX = "urn:ietf:params:acme:error:";

/** Reads what may be a problem document; unknown and missing members are no error. */
export function readProblem(value: unknown): Problem {
  const fields = isRecord(value) ? value : {};
  const type = typeof fields["type"] === "string" ? fields["type"] : "";
  const identifier = isRecord(fields["identifier"]) ? fields["identifier"] : {};
  const about = identifier["value"];
  return {
    type: type.startsWith(PREFIX) ? type.slice(PREFIX.length) : type,
    detail: typeof fields["detail"] === "string" ? fields["detail"] : "",
    ...(typeof about === "string" ? { about } : {}),
    subproblems: Array.isArray(fields["subproblems"])
      ? fields["subproblems"].map(readProblem)
      : [],
  };
}

/** An answer of the CA that refuses what was asked. */
export class ProblemError extends AppError {
  readonly problem: Problem;
  readonly status: number;

  constructor(answer: HttpAnswer, doing: string, now: Date) {
    const problem = readProblem(parseJson(answer.text));
    const { code, scope, hint } = consequence(problem.type, answer.status);
    super(code, `The CA refused to ${doing}: ${describe(problem, answer)}`, {
      scope,
      hint,
      retryAfter: retryAfter(answer, now),
    });
    this.problem = problem;
    this.status = answer.status;
  }
}

/** One line for a problem: its sentence, its subproblems by name, its type. */
export function describeProblem(problem: Problem): string {
  const parts = [
    problem.detail,
    ...problem.subproblems.map((sub) => `${sub.about ?? "?"}: ${sub.detail}`),
  ];
  const sentence = parts.filter((part) => part !== "").join("; ");
  const known =
    problem.type === "" || problem.type === "about:blank"
      ? ""
      : ` (${problem.type})`;
  return `${sentence === "" ? "it gave no reason" : sentence}${known}`;
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
  const time = /^\d+$/.test(value)
    ? now.getTime() + Number(value) * SECOND
    : Date.parse(value);
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

interface Consequence {
  code: ErrorCode;
  scope: Scope;
  hint?: string;
}

const BAD_CONTACT: Consequence = {
  code: "account-refused",
  scope: "account",
  hint: "Give an e-mail address that the CA accepts with --email.",
};
const BAD_NAME: Consequence = {
  code: "name-refused",
  scope: "target",
  hint: "Take the name out, or mend what the CA says about it.",
};

/** RFC 8555 section 6.7: what must stop, and what the operator can do, by problem type. */
const CONSEQUENCES: Record<string, Consequence | undefined> = {
  rateLimited: {
    code: "rate-limited",
    scope: "target",
    hint: "Wait for the limit to pass; trying sooner only counts against it.",
  },
  accountDoesNotExist: {
    code: "account-refused",
    scope: "account",
    hint: "The key in account_key.json has no account there: name the CA that it belongs to with --server.",
  },
  externalAccountRequired: {
    code: "account-refused",
    scope: "account",
    hint: "This CA wants an external account binding, which is not supported yet; choose another with --server.",
  },
  userActionRequired: {
    code: "account-refused",
    scope: "account",
    hint: "The CA asks you to act on the page it names; then run again.",
  },
  invalidContact: BAD_CONTACT,
  unsupportedContact: BAD_CONTACT,
  rejectedIdentifier: BAD_NAME,
  unsupportedIdentifier: BAD_NAME,
  caa: BAD_NAME,
  dns: BAD_NAME,
};

function consequence(type: string, status: number): Consequence {
  const known = CONSEQUENCES[type];
  if (known !== undefined) return known;
  if (status !== 429 && status < 500)
    return { code: "ca-refused", scope: "target" };
  return {
    code: status === 429 ? "rate-limited" : "ca-busy",
    scope: "authority",
    hint: "The CA is busy or has a fault; run again later.",
  };
}

/** The value of a JSON text, or undefined when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
