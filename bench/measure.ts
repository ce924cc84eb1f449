import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { startProcess } from "../test/support/process.ts";
import { tempDir } from "../test/support/temp.ts";

/** What to run, and how it may end. */
export interface Command {
  words: readonly string[];
  cwd?: string;
  /** Added to the few variables that every program gets. */
  env?: Readonly<Record<string, string>>;
  /** The exit codes of success; 0, if nothing else. */
  codes?: readonly number[];
}

/** What a program took, with all that it had started and waited for. */
export interface Usage {
  /** Seconds. */
  wall: number;
  /** Seconds in user and system mode. */
  cpu: number;
  /** The most bytes that one of its processes had in memory. */
  memory: number;
}

const WRAPPER = resolve(import.meta.dirname, "measure.py");
const INHERITED = ["PATH", "HOME"];

/**
 * Runs a command to its end. The kernel's own account of the ended process is taken,
 * by a Python wrapper whose start is not measured; its 10 MB or so are the
 * least that can be told of memory. Rejects if the exit code is another.
 */
export async function measure(command: Command): Promise<Usage> {
  await using temp = tempDir();
  const report = join(temp.path, "usage.json");
  const { words, cwd = temp.path, env, codes = [0] } = command;
  await using child = await startProcess("python3", ["-I", WRAPPER, report, ...words], {
    cwd,
    env: { ...inherited(), ...env },
  });
  const exit = await child.exited;
  if (exit.code !== 0) throw new Error(`the wrapper failed: ${child.output()}`);
  const text = readFileSync(report, "utf8");
  const { code, ...usage } = JSON.parse(text) as Usage & { code: number };
  if (codes.includes(code)) return usage;
  throw new Error(
    `${words.slice(0, 20).join(" ")} ended with ${code}:\n${child.output().slice(-4000)}`,
  );
}

function inherited(): NodeJS.ProcessEnv {
  return Object.fromEntries(INHERITED.map((name) => [name, process.env[name]]));
}
