import { AppError } from "../errors.ts";

/** The error for words that cannot be understood. */
export function usage(message: string, hint?: string): AppError {
  return new AppError("usage", message, { hint, scope: "run" });
}

/** Throws `usage` for a word that is none of those that an option takes. */
export function unknown(option: string, text: string, known: string[]): never {
  throw usage(
    `--${option} ${text}: there is no such thing.`,
    `Choose one of ${known.join(", ")}.`,
  );
}
