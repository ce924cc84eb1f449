import { AppError } from "../errors.ts";
import type { Name } from "../name.ts";
import { sleep } from "../time.ts";

/** What the CA will ask for one name (RFC 8555 section 8). */
export interface Answer {
  name: Name;
  token: string;
  keyAuthorization: string;
}

/** Answers that are being given. Disposing of it withdraws exactly these. */
export interface Publication extends AsyncDisposable {
  /**
   * Resolves when it is worth asking the CA for its verdict: once its questions
   * have been answered, or after a short while where that cannot be known.
   */
  asked(signal: AbortSignal): Promise<void>;
  /** The names whose answer was fetched, or undefined where that cannot be known. */
  fetched: ReadonlySet<Name> | undefined;
  /** What to look at when the CA finds something else, where that is not the usual. */
  hint?: string;
}

/** How long a CA usually takes to ask, in milliseconds. */
const USUAL_PAUSE = 500;

/** Answers that are fetched elsewhere, where nobody can tell; `undo` withdraws them. */
export function unseen(undo: AsyncDisposable): Publication {
  return {
    fetched: undefined,
    asked: (signal) => sleep(USUAL_PAUSE, signal),
    [Symbol.asyncDispose]: () => undo[Symbol.asyncDispose](),
  };
}

/** A type of challenge (RFC 8555 section 9.7.8) that can be answered here. */
export type ChallengeType = "http-01" | "dns-01";

/**
 * A way of answering one type of challenge. All answers of an order are published at once;
 * several orders may be under way at the same time.
 */
export interface Responder extends AsyncDisposable {
  type: ChallengeType;
  /** Resolves when the CA may ask. Rejects, with nothing left behind, when that cannot be reached. */
  publish(answers: readonly Answer[], signal: AbortSignal): Promise<Publication>;
}

export type ChallengeEvent =
  /** One of so many names of an order. */
  | { type: "answered"; name: Name; of: number }
  /** A CNAME record says that the TXT record belongs elsewhere. */
  | { type: "record-delegated"; from: string; to: string }
  /** Whether there is such a CNAME record could not be found out. */
  | { type: "alias-unknown"; fqdn: string; reason: string }
  | {
      type: "program-called";
      action: "present" | "cleanup";
      fqdn: string;
      /** Milliseconds. */
      took: number;
      output: string;
    }
  | { type: "records-set"; names: readonly Name[] }
  /** For the servers (none: for the time alone), so many milliseconds at most. */
  | { type: "records-waiting"; servers: readonly string[]; time: number }
  | { type: "records-late"; lacks: readonly Lack[]; time: number }
  /** A TXT record could not be removed. */
  | { type: "record-left"; fqdn: string; error: AppError };

/** A DNS server that does not have a record: `silent` if it gave no answer at all. */
export interface Lack {
  server: string;
  fqdn: string;
  silent: boolean;
}

export const CHALLENGE_PATH = "/.well-known/acme-challenge/";

/** The token, which comes from the CA, proven to be no more than a file's name (RFC 8555 section 8.3). */
export function checkedToken({ name, token }: Answer): string {
  if (/^[A-Za-z0-9_-]{1,255}$/.test(token)) return token;
  throw new AppError(
    "ca-misbehaved",
    `The CA sent a token for ${name} that is not base64url (RFC 8555 section 8.3).`,
    {
      hint: "Run again; if it happens again, tell the CA's operator.",
      scope: "authority",
    },
  );
}
