import type { Authority } from "../acme/authority.ts";
import type { AskRenewalInfo } from "../acme/renewal-info.ts";
import { AppError } from "../errors.ts";
import type { Emit } from "./outcome.ts";

/** How CAs are reached, and what the targets of a run have in common that reach them so. */
export interface Way {
  /** PEM, trusted beside the built-in ones. */
  roots: string | undefined;
  userAgent: string;
  shared: Shared;
}

/** What the targets have in common that reach CAs in one way. */
export interface Shared {
  /** Accounts that are open, by CA and folder. */
  accounts: Map<string, Promise<Authority>>;
  /** Who asks for renewal information, by the URL of the CA's directory. */
  questions: Map<string, Promise<AskRenewalInfo>>;
  strikes: Strikes;
  /** How many signed requests may be under way at one account. */
  lanes: number;
  /** Told what concerns no target alone. */
  emit: Emit;
}

export function share(emit: Emit, lanes: number): Shared {
  const strikes = countStrikes();
  return {
    accounts: new Map(),
    questions: new Map(),
    strikes,
    lanes,
    emit,
  };
}

/** What is there under a key, or is made; what could not be made is not kept. */
export function once<T>(
  known: Map<string, Promise<T>>,
  key: string,
  make: () => Promise<T>,
): Promise<T> {
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = make();
  known.set(key, made);
  made.catch(() => known.delete(key));
  return made;
}

/** After so many failures one after another nobody else of the run goes the same way. */
const MOST_STRIKES = 3;

/** Keeps a run from asking a CA for every target what it has refused for the last few. */
export interface Strikes {
  /**
   * Does what goes by way of a CA and of an account there. Throws the last error, without doing
   * it, once too many have failed for what concerns all of them (docs/decisions/0004).
   */
  guard<T>(way: { authority: string; account: string }, work: () => Promise<T>): Promise<T>;
}

function countStrikes(): Strikes {
  const last = new Map<string, { count: number; error: AppError }>();
  const check = (way: string, most: number) => {
    const { count, error } = last.get(way) ?? { count: 0 };
    if (error === undefined || count < most) return;
    const { code, message, hint, scope, retryAfter } = error;
    throw new AppError(code, `Not tried, because this failed for other targets: ${message}`, {
      ...{ hint, scope, retryAfter, cause: error },
    });
  };
  const strike = (way: string, error: AppError) => {
    last.set(way, { count: (last.get(way)?.count ?? 0) + 1, error });
  };
  return {
    async guard({ authority, account }, work) {
      check("run", 1);
      check(authority, MOST_STRIKES);
      check(account, MOST_STRIKES);
      try {
        const result = await work();
        last.delete(authority);
        last.delete(account);
        return result;
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        if (error.scope === "run") strike("run", error);
        if (error.scope === "authority") strike(authority, error);
        else last.delete(authority);
        if (error.scope === "account" || error.code === "rate-limited") strike(account, error);
        throw error;
      }
    },
  };
}
