import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CliResult, runCli } from "../support/cli.ts";
import type { Pebble } from "../support/pebble.ts";
import { type Site, site } from "../support/simp_le.ts";
import { asVariables } from "../support/variables.ts";

/** One test's part of a Pebble, for many certificates below one folder. */
export interface Many extends Site {
  /** So many names that lead to where the program listens. */
  names: string[];
  /** Runs a verb in the folder, with the site's CA and address. */
  verb(words: string[], input?: string): Promise<CliResult>;
  /** `batch -` with these targets; a name alone is one of that name. */
  batch(targets: readonly (string | object)[], ...words: string[]): Promise<CliResult>;
  at: (...path: string[]) => string;
  /** What is remembered of a set. */
  state(id: string): {
    target?: object;
    failure?: { next: string };
    origin?: { lookAgain?: string };
  };
  /** Changes that. */
  edit(id: string, change: (state: ReturnType<Many["state"]>) => void): void;
}

export async function many(pebble: Pebble, count: number): Promise<Many> {
  const base = await site(pebble);
  const names = Array.from({ length: count }, (_, n) => `n${n}.${base.name}`);
  for (const name of names) await pebble.dns.setA(name, [base.host]);
  const at = (...path: string[]) => join(base.certs.path, ...path);
  const verb = ([first = "", ...words]: string[], input = "") => {
    const options = ["--certs_dir", base.certs.path, ...base.options];
    return runCli([first, ...words], { input, env: asVariables(options) });
  };
  const state: Many["state"] = (id) =>
    JSON.parse(readFileSync(at(id, ".acme-sidecar.json"), "utf8")) as ReturnType<Many["state"]>;
  return {
    ...base,
    ...{ names, at, verb, state },
    batch: (targets, ...words) =>
      verb(
        ["batch", "-", ...words],
        JSON.stringify({
          targets: targets.map((target) =>
            typeof target === "string" ? { names: [target] } : target,
          ),
        }),
      ),
    edit(id, change) {
      const value = state(id);
      change(value);
      writeFileSync(at(id, ".acme-sidecar.json"), JSON.stringify(value));
    },
    [Symbol.asyncDispose]: () => base[Symbol.asyncDispose](),
  };
}

/** The names of the orders, in the order in which they were placed. */
export function ordered({ recorder }: Many): string[] {
  return recorder.requests
    .filter(({ kind }) => kind === "new-order")
    .map(({ body }) => {
      const { identifiers } = body?.payload as {
        identifiers: { value: string }[];
      };
      return identifiers[0]?.value ?? "";
    });
}
