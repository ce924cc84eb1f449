import { shownLines } from "./shown.ts";

/**
 * How far an error reaches: `target` stops one set of names, `account` every
 * set of that account, `authority` every set of that CA, `run` everything.
 */
export type Scope = "target" | "account" | "authority" | "run";

/** The stable names of what can go wrong; scripts may rely on them in JSON logs. */
export type ErrorCode =
  | "usage"
  | "bad-file"
  | "disagreeing-files"
  | "store-unwritable"
  | "unsafe-folder"
  | "locked"
  | "port-taken"
  | "listen-failed"
  | "webroot-unwritable"
  | "dns-failed"
  | "ca-unreachable"
  | "ca-untrusted"
  | "ca-misbehaved"
  | "ca-refused"
  | "ca-busy"
  | "rate-limited"
  | "paused"
  | "account-refused"
  | "name-refused"
  | "challenge-missing"
  | "profile-unknown"
  | "validation-failed"
  | "timed-out"
  | "bad-certificate"
  | "interrupted"
  | "output-failed"
  | "internal";

/** What is wrong with one of several names, as a program reads it. */
export interface NameProblem {
  name: string;
  /** The problem type, or the state that the CA left the name in. */
  code: string;
  /** In the CA's words. */
  detail: string;
  /** Where the CA found what it tells of, as far as it says. */
  address?: string | undefined;
  url?: string | undefined;
  /** The HTTP status of the answer there. */
  status?: number | undefined;
}

interface Details {
  /** The next thing to do, one sentence. */
  hint?: string | undefined;
  /** Default: `target`. */
  scope?: Scope;
  /** When the CA asks us to come back, at the earliest. */
  retryAfter?: Date | undefined;
  /** Every name by itself, where the message groups them. */
  problems?: readonly NameProblem[] | undefined;
  cause?: unknown;
}

/**
 * Everything this program reports as a failure. `message` says what happened
 * and to what; `hint` says what to do about it. Both may be shown and kept, whatever they quote.
 */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly scope: Scope;
  readonly retryAfter: Date | undefined;
  readonly problems: readonly NameProblem[];

  constructor(code: ErrorCode, message: string, details: Details = {}) {
    super(brief(shownLines(message)), { cause: details.cause });
    this.code = code;
    this.hint = details.hint && shownLines(details.hint);
    this.scope = details.scope ?? "target";
    this.retryAfter = details.retryAfter;
    this.problems = details.problems ?? [];
  }
}

/** Characters. What a CA says is quoted in messages, and may have any length. */
const LONGEST = 20_000;

/** A text by its start, when it is longer than anybody reads. */
export function brief(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** The `code` of a Node.js system error (`ENOENT`, `EADDRINUSE`, ...), if it is one. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Node.js says these with a system call and a path, which the sentence around them has already. */
const SYSTEM_REASONS: Record<string, string | undefined> = {
  EACCES: "this user has no right to it",
  EBUSY: "it is in use, or mounted by itself",
  EDQUOT: "the quota for it is used up",
  EIO: "the disk reports an error",
  EISDIR: "it is a folder",
  ELOOP: "it is a link",
  ENOENT: "it does not exist",
  ENOSPC: "the disk is full",
  ENOSYS: "its file system cannot do this",
  ENOTSUP: "its file system cannot do this",
  ENOTDIR: "a part of its path is not a folder",
  EPERM: "this user has no right to it",
  EROFS: "it is read-only",
};

/** What a caught value says of itself, as the end of a sentence. */
export function messageOf(error: unknown): string {
  const code = systemCode(error);
  const known = code === undefined ? undefined : SYSTEM_REASONS[code];
  return known ?? (error instanceof Error ? error.message : String(error));
}

/** What ended a run: the reason of an interruption, a known failure, or something unforeseen. */
export function asAppError(error: unknown, signal: AbortSignal): AppError {
  const reason: unknown = signal.aborted ? signal.reason : error;
  if (reason instanceof AppError) return reason;
  return new AppError("internal", `Something unforeseen went wrong: ${messageOf(reason)}.`, {
    hint: "Please report this together with what -v prints.",
    scope: "run",
    cause: error,
  });
}
