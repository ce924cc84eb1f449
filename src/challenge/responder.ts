import { AppError } from "../errors.ts";
import type { Name } from "../name.ts";

/** What the CA will ask for one name (RFC 8555 section 8.3). */
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
}

/**
 * A way of answering http-01. All answers of an order are published at once;
 * several orders may be under way at the same time.
 */
export interface Responder extends AsyncDisposable {
  /** Resolves when the CA may ask. Rejects, with nothing left behind, when that cannot be reached. */
  publish(
    answers: readonly Answer[],
    signal: AbortSignal,
  ): Promise<Publication>;
}

export interface ChallengeEvent {
  type: "answered";
  name: Name;
}

export const CHALLENGE_PATH = "/.well-known/acme-challenge/";

/** The token, which comes from the CA, proven to be no more than a file's name (RFC 8555 section 8.3). */
export function checkedToken({ name, token }: Answer): string {
  if (/^[A-Za-z0-9_-]{1,255}$/.test(token)) return token;
  throw new AppError(
    "ca-misbehaved",
    `The CA sent a token for ${name} that is not base64url (RFC 8555 section 8.3).`,
    { scope: "authority" },
  );
}
