import { AppError } from "../errors.ts";

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

export function countStrikes(): Strikes {
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
