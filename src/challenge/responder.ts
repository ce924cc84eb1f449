import { AppError } from "../errors.ts";
import type { Name } from "../name.ts";
import { sleep } from "../time.ts";
import type { Evidence } from "./evidence.ts";

/** The expected answer for one name (RFC 8555 section 8). */
export interface Answer {
  name: Name;
  token: string;
  keyAuthorization: string;
  /** We ask for it ourselves, so a question is no news. */
  isProbe?: true;
}

/** Published answers. Disposing of it withdraws exactly these. */
export interface Publication extends AsyncDisposable {
  /**
   * Resolves when it makes sense to ask the CA for its result: after the CA's questions, or after a
   * short pause if we cannot see them.
   */
  asked(signal: AbortSignal): Promise<void>;
  /** The names whose answers were fetched; undefined if we cannot see that. */
  fetched: ReadonlySet<Name> | undefined;
  /**
   * What we can say about names whose validation failed. Ask before the answers are withdrawn. It
   * never rejects.
   */
  evidence(names: readonly Name[], signal: AbortSignal): Promise<ReadonlyMap<Name, Evidence>>;
}

/** How long a CA usually takes to ask, in milliseconds. */
const USUAL_PAUSE = 500;

/** A publication at a place where we cannot see the CA's questions. `undo` withdraws it. */
export function unseen(undo: AsyncDisposable, evidence: Publication["evidence"]): Publication {
  return {
    fetched: undefined,
    evidence,
    asked: (signal) => sleep(USUAL_PAUSE, signal),
    [Symbol.asyncDispose]: () => undo[Symbol.asyncDispose](),
  };
}

/** The challenge types that we can answer (RFC 8555 section 9.7.8). */
export type ChallengeType = "http-01" | "dns-01";

/**
 * A way to answer one type of challenge. It publishes all answers of an order at once, and can
 * serve several orders at the same time.
 */
export interface Responder extends AsyncDisposable {
  type: ChallengeType;
  /** Resolves when the CA may ask. Rejects if that fails, and then leaves nothing behind. */
  publish(answers: readonly Answer[], signal: AbortSignal): Promise<Publication>;
}

export type ChallengeEvent =
  /** `of` is the number of names in the order. */
  | { type: "answered"; name: Name; of: number }
  /** A CNAME record delegates the TXT record to another name. */
  | { type: "record-delegated"; from: string; to: string }
  /** We could not find out whether there is such a CNAME record. */
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
  /**
   * Waiting up to `time` milliseconds for these servers. If there are none, for exactly this time.
   */
  | { type: "records-waiting"; servers: readonly string[]; time: number }
  | { type: "records-late"; lacks: readonly Lack[]; time: number }
  /** A TXT record may not have been removed. */
  | { type: "record-left"; fqdn: string; error: AppError };

/** A record that a DNS server lacks. `silent`: the server did not answer. */
export interface Lack {
  server: string;
  fqdn: string;
  silent: boolean;
}

export const CHALLENGE_PATH = "/.well-known/acme-challenge/";

/**
 * The CA's token. Throws unless it is base64url (RFC 8555 section 8.3), so it is safe as a file
 * name.
 */
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
