import { resolve } from "node:path";
import type { TargetFile, Work } from "../commands/batch.ts";
import type { OptionName } from "./options.ts";
import { usage } from "./usage.ts";
import { listOf, numberOf, type Options, textOf } from "./words.ts";

const MOST_AT_ONCE = 100;

/** What would be for one certificate, and must not go unheard where many are got. */
const SINGLE: Partial<Record<OptionName, string>> = {
  vhost: "Names are in the file of targets, or recorded.",
  dry_run:
    "Try a target with issue, or a file with another --certs_dir and --server.",
  revoke: "Use revoke, with --certs_dir for one certificate.",
};

/** How `batch` and `renew` are to work. */
export function parseWork(options: Options): Work {
  for (const [name, hint] of Object.entries(SINGLE))
    if (options[name as OptionName] !== undefined)
      throw usage(
        `--${name} has no place where many certificates are got.`,
        hint,
      );
  const concurrency = numberOf(options, "concurrency");
  if (
    concurrency !== undefined &&
    !(concurrency >= 1 && concurrency <= MOST_AT_ONCE)
  )
    throw usage(
      `--concurrency ${concurrency}: 1 to ${MOST_AT_ONCE} at once are possible.`,
    );
  return {
    concurrency,
    retry: options.retry === true,
    tarChanged: options.tar_changed === true,
  };
}

/** The file of targets that `batch` works off. */
export function parseTargetFile(
  operand: string | undefined,
  options: Options,
  cwd: string,
): TargetFile {
  if (operand === undefined)
    throw usage(
      "There is no file of targets.",
      "Write batch FILE, or batch - for the standard input, and options after it.",
    );
  const file = operand === "-" ? "-" : resolve(cwd, operand);
  return {
    file,
    dir: parseRoot(undefined, options, cwd),
    async read(text) {
      const { parseTargets } = await import("./batch.ts");
      const called = operand === "-" ? "The standard input" : operand;
      return parseTargets(text, { file: called, options, cwd });
    },
  };
}

/** The folder of the sets that a verb is about. */
export function parseRoot(
  operand: string | undefined,
  options: Options,
  cwd: string,
): string {
  return resolve(cwd, operand ?? textOf(options, "certs_dir") ?? ".");
}

/** The sets that are wanted as a tar. */
export function parseIds(options: Options): string[] {
  return listOf(options, "id");
}
