import { AppError, messageOf, systemCode } from "../errors.ts";
import type { Output } from "./terminal.ts";

/** Where answers go. */
export interface Printer {
  /** Adds a line feed. */
  print: (text: string) => void;
  /** Resolves when everything is written. Throws `output-failed` if it is not. */
  done: () => Promise<void>;
}

export function openPrinter(stream: Output): Printer {
  let trouble: Error | null | undefined;
  const note = (error?: Error | null) => {
    trouble ??= error;
  };
  return {
    print(text) {
      stream.write(`${text}\n`, note);
    },
    async done() {
      await new Promise<void>((resolve) => {
        stream.write("", () => {
          resolve();
        });
      });
      if (trouble && !isGone(trouble, stream))
        throw new AppError(
          "output-failed",
          `The answer cannot be written: ${messageOf(trouble)}.`,
          {
            hint: "See where standard output leads to, and run again.",
            scope: "run",
            cause: trouble,
          },
        );
    },
  };
}

/** Whoever reads the answer has had enough of it, as `head`, or closed the terminal. */
function isGone(error: Error, { isTTY }: Output): boolean {
  const code = systemCode(error);
  return code === "EPIPE" || (code === "EIO" && isTTY === true);
}
