import { AppError } from "../errors.ts";

/** After this many failures in a row, no other target of the run tries the same CA or account. */
const MOST_STRIKES = 3;

/** Keeps a run from repeating a request, for every target, that a CA has refused several times. */
export interface Strikes {
  /**
   * Does some work with a CA and an account. After too many failures that affect all such work,
   * throws the last error instead (docs/decisions/0004).
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
