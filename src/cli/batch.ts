import { resolve } from "node:path";
import type { Renewal, TargetFile, Work } from "../commands/batch.ts";
import type { Given } from "./given.ts";
import { parseDir } from "./files.ts";
import { parseNextRun } from "./target.ts";
import type { Options } from "./argv.ts";

const MOST_AT_ONCE = 100;

/** How `batch` and `renew` are to work. */
export function parseWork(given: Given): Work {
  const concurrency = given.number("concurrency");
  if (concurrency !== undefined && !(concurrency >= 1 && concurrency <= MOST_AT_ONCE))
    given.wrong("concurrency", `choose 1 to ${MOST_AT_ONCE}.`, {
      value: String(concurrency),
    });
  return {
    concurrency,
    retry: given.flag("retry"),
    tarChanged: given.flag("tar_changed"),
  };
}

/** The file of targets that `batch` works off; `options` count for those that it does not speak of. */
export function parseTargetFile(
  operand: string | undefined,
  given: Given,
  options: Options,
): TargetFile {
  if (operand === undefined)
    given.wrong(undefined, "There is no file of targets.", {
      hint: "Write batch FILE, or batch - for the standard input, and options after it.",
    });
  const { cwd, subject } = given;
  const called = operand === "-" ? "The standard input" : (operand ?? "");
  return {
    file: operand === "-" ? "-" : resolve(cwd, operand ?? ""),
    dir: parseDir(given),
    prune: given.flag("prune"),
    async read(text) {
      const { parseTargets } = await import("./targets-file.ts");
      return parseTargets(text, { file: called, options, cwd, subject });
    },
  };
}

/** What is to be renewed. */
export function parseRenewal(given: Given, folder: Folder): Renewal {
  return { dir: parseRoot(given, folder), nextRun: parseNextRun(given) };
}

interface Folder {
  /** The word after the verb, which goes before what the environment says. */
  operand: string | undefined;
  /** The options of the command line alone. */
  argv: Options;
}

/** The folder of the sets that a verb is about. */
export function parseRoot(given: Given, { operand, argv }: Folder): string {
  if (operand !== undefined && argv.certs_dir !== undefined)
    given.wrong("certs_dir", `the folder was given as ${operand} already.`, {
      value: given.text("certs_dir"),
      hint: "Leave out one of the two.",
    });
  return operand === undefined ? parseDir(given) : resolve(given.cwd, operand);
}
