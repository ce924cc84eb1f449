import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { tempDir } from "./temp.ts";

/** One moment of a call of the program. */
export interface HookCall {
  at: "start" | "end";
  /** Action and FQDN. */
  words: string;
  value: string;
  /** Words beyond the three. */
  more?: string[];
  env?: Record<string, string>;
  pid?: number;
  code?: number;
}

export interface Hook extends AsyncDisposable {
  file: string;
  /** What it needs to know. */
  env: Record<string, string>;
  calls(): HookCall[];
  /** The words of the calls that were begun, in this order. */
  begun(): string[];
}

/** A program that sets TXT records at a DNS server for tests; see test/fixtures/dns-hook.ts. */
export function dnsHook(managementUrl: string): Hook {
  const dir = tempDir();
  const log = join(dir.path, "calls");
  const calls = () =>
    existsSync(log)
      ? readFileSync(log, "utf8")
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => JSON.parse(line) as HookCall)
      : [];
  return {
    file: resolve(import.meta.dirname, "../fixtures/dns-hook.ts"),
    env: { HOOK_DIR: dir.path, HOOK_URL: managementUrl },
    calls,
    begun: () =>
      calls()
        .filter(({ at }) => at === "start")
        .map(({ words }) => words),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}
