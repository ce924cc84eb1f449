import { AppError } from "../errors.ts";

/** The error for words that we do not understand. */
export function usage(message: string, hint?: string): AppError {
  return new AppError("usage", message, { hint, scope: "run" });
}

/** A hint after the question whether another word was meant, if there is one. */
export function withGuess(guess: string | undefined, hint: string): string {
  return guess ? `${guess} ${hint}` : hint;
}
