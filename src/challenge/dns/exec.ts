import { type AppError, asAppError } from "../../errors.ts";
import { call, checkProgram } from "./program.ts";
import type { ProviderHost, Records } from "./records.ts";

/**
 * A program that sets and removes TXT records. It is called like a program of lego's `exec`
 * provider.
 */
export interface ExecSettings {
  script: string;
}

/** Sets TXT records with the user's program. Throws `usage` if it cannot be run. */
export async function openExec(
  { script }: ExecSettings,
  { env, timeout, emit }: ProviderHost,
): Promise<Records> {
  await checkProgram(script);
  const program = { file: script, env: cleanEnv(env), timeout };

  async function run(
    action: "present" | "cleanup",
    { fqdn, value }: { fqdn: string; value: string },
    signal?: AbortSignal,
  ): Promise<void> {
    const started = performance.now();
    const output = await call(program, [action, `${fqdn}.`, value], signal);
    const took = performance.now() - started;
    emit({ type: "program-called", action, fqdn, took, output });
  }

  return {
    async set({ fqdn, values }, signal) {
      for (const value of values) await run("present", { fqdn, value }, signal);
    },
    async remove({ fqdn, values }) {
      let failed: AppError | undefined;
      for (const value of values)
        try {
          await run("cleanup", { fqdn, value });
        } catch (error) {
          failed ??= asAppError(error, new AbortController().signal);
        }
      if (failed !== undefined) throw failed;
    },
  };
}

/** The program's environment. It must not contain credentials for the CA. */
function cleanEnv(env: ProviderHost["env"]): Record<string, string> {
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !entry[0].startsWith("ACME_SIDECAR_"),
  );
  return Object.fromEntries(kept);
}
