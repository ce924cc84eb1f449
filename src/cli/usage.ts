import { AppError } from "../errors.ts";

/** The error for words that we do not understand. */
export function usage(message: string, hint?: string): AppError {
  return new AppError("usage", message, { hint, scope: "run" });
}
