import { shownLines } from "./shown.ts";

/**
 * How far an error reaches: `target` stops one set, `account` all sets of that account, `authority`
 * all sets of that CA, `run` everything.
 */
export type Scope = "target" | "account" | "authority" | "run";

/** The kinds of errors. The names are stable: scripts may rely on them in JSON logs. */
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

/** The problem with one of several names, as data. */
export interface NameProblem {
  name: string;
  /** The CA's problem type, or the state in which the CA left the name. */
  code: string;
  /** The CA's words. */
  detail: string;
  /** The address and URL that the CA asked, if it says so. */
  address?: string | undefined;
  url?: string | undefined;
  /** The HTTP status that the CA got there. */
  status?: number | undefined;
  /** The likeliest cause, as a word that stays the same, and what to do about it. */
  cause?: string | undefined;
  hint?: string | undefined;
  /** What this program saw itself: who asked it, its file, or the records in DNS. */
  seen?: object | undefined;
}

interface Details {
  /** What to do next, in one sentence. */
  hint?: string | undefined;
  /** Default: `target`. */
  scope?: Scope;
  /** The earliest time that the CA allows for another try. */
  retryAfter?: Date | undefined;
  /** Each name's problem, if the message only groups them. */
  problems?: readonly NameProblem[] | undefined;
  cause?: unknown;
}

/**
 * A failure that this program reports. `message` says what happened and to what; `hint` says what
 * to do. Both are safe to show and store, whatever they quote.
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

/** In characters. Messages quote the CA, whose texts may have any length. */
const LONGEST = 20_000;

/** The start of a text that is too long for anyone to read. */
export function brief(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** The `code` of a Node.js system error (`ENOENT`, `EADDRINUSE`, ...), if it is one. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/**
 * Node.js' own messages contain a system call and a path, but our sentences already name the file.
 */
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

/** The message of a caught value, as the end of a sentence. */
export function messageOf(error: unknown): string {
  const code = systemCode(error);
  const known = code === undefined ? undefined : SYSTEM_REASONS[code];
  return known ?? (error instanceof Error ? error.message : String(error));
}

/**
 * The error that ended a run: the reason for an interruption, a known failure, or an unexpected
 * error.
 */
export function asAppError(error: unknown, signal: AbortSignal): AppError {
  const reason: unknown = signal.aborted ? signal.reason : error;
  if (reason instanceof AppError) return reason;
  return new AppError("internal", `Something unforeseen went wrong: ${messageOf(reason)}.`, {
    hint: "Please report this together with what -v prints.",
    scope: "run",
    cause: error,
  });
}
