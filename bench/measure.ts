import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { startProcess } from "../test/support/process.ts";
import { tempDir } from "../test/support/temp.ts";

/** A command and its possible exit codes. */
export interface Command {
  words: readonly string[];
  cwd?: string;
  /** Environment variables in addition to the few that every program gets. */
  env?: Readonly<Record<string, string>>;
  /** The exit codes of success; default: 0. */
  codes?: readonly number[];
  /** For a server: it is ended when all these files exist, and its time is up to then. */
  until?: readonly string[];
}

/** The cost of a program, with all child processes that it waited for. */
export interface Usage {
  /** Seconds. */
  wall: number;
  /** Seconds in user and system mode. */
  cpu: number;
  /** The largest memory of one of its processes, in bytes. */
  memory: number;
}

const WRAPPER = resolve(import.meta.dirname, "measure.py");
const INHERITED = ["PATH", "HOME"];
/** Milliseconds after which a program counts as failed; all take less than half of it. */
const LIMIT = 600_000;

/**
 * Runs a command to its end. A Python wrapper reads the kernel's figures about the process. The
 * wrapper's start is not measured, but memory below its own 10 MB or so cannot be seen. Rejects for
 * any other exit code, and when the signal ends it.
 */
export async function measure(command: Command, signal?: AbortSignal): Promise<Usage> {
  await using temp = tempDir();
  const report = join(temp.path, "usage.json");
  const { words, cwd = temp.path, env, codes = [0], until } = command;
  const awaited = until === undefined ? "" : join(temp.path, "awaited");
  if (until !== undefined) writeFileSync(awaited, until.map((path) => `${path}\n`).join(""));
  await using child = await startProcess("python3", ["-I", WRAPPER, report, awaited, ...words], {
    cwd,
    env: { ...inherited(), ...env },
  });
  const limits = [AbortSignal.timeout(LIMIT), ...(signal ? [signal] : [])];
  const late = AbortSignal.any(limits);
  const end = () => {
    child.kill("SIGKILL");
  };
  if (late.aborted) end();
  late.addEventListener("abort", end);
  const exit = await child.exited;
  late.removeEventListener("abort", end);
  late.throwIfAborted();
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
