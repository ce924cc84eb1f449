import { resolve } from "node:path";
import type { TargetFile } from "../commands/batch.ts";
import type { Work } from "../commands/targets.ts";
import { parsePreflight } from "./dns.ts";
import { parseDir } from "./files.ts";
import type { Given } from "./given.ts";
import type { Options } from "./options.ts";
import { AT_EACH_CA } from "./options/run.ts";

const MOST_AT_ONCE = 100;

/** How to work on many targets. */
export function parseWork(given: Given): Work {
  const all = given.number("concurrency");
  if (!(all >= 1 && all <= MOST_AT_ONCE))
    given.wrong("concurrency", `choose 1 to ${MOST_AT_ONCE}.`, {
      value: String(all),
    });
  return {
    concurrency: { all, each: given.has("concurrency") ? all : AT_EACH_CA },
    retry: given.flag("retry"),
    tarChanged: given.flag("tar_changed"),
    preflight: parsePreflight(given),
  };
}

/** The file of targets that `batch` reads. `options` apply to targets that do not set them. */
export function parseTargetFile(given: Given, operand: string, options: Options): TargetFile {
  const { cwd, subject } = given;
  return {
    file: operand === "-" ? "-" : resolve(cwd, operand),
    dir: parseDir(given),
    prune: given.flag("prune"),
    async read(text) {
      const { parseTargets } = await import("./targets-file.ts");
      const file = operand === "-" ? "The standard input" : operand;
      return parseTargets(text, { file, options, cwd, subject });
    },
  };
}
