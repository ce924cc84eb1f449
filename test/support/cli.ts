import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { startProcess, type Child } from "./process.ts";
import { tempDir } from "./temp.ts";

export interface CliOptions {
  /** The system's temporary directory, if nothing else. */
  cwd?: string;
  /** Added to the few variables that the program gets anyhow. */
  env?: Record<string, string>;
  /** When it aborts, the program gets a SIGTERM. */
  signal?: AbortSignal;
  /** For its standard input, which is closed after it. */
  input?: string;
  /** Whom it runs as; root alone can choose. */
  uid?: number;
  /** `MAIN`, if nothing else. */
  main?: string;
}

export interface CliResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

const ROOT = resolve(import.meta.dirname, "../..");
export const SOURCE = resolve(ROOT, "src/main.ts");
/** The program: its source, or the bundle of the last build, which starts in half the time: `npm test` asks for that. */
export const MAIN = resolve(ROOT, process.env["PROGRAM"] ?? SOURCE);
const INHERITED = ["PATH", "HOME", "TMPDIR", "NODE_V8_COVERAGE"];

/** Runs the program to its end, whatever that is. */
export async function runCli(args: string[], options: CliOptions = {}): Promise<CliResult> {
  await using child = await startCli(args, options);
  const { code, signal } = await child.exited;
  return { code, signal, stdout: child.stdout(), stderr: child.stderr() };
}

/** Starts the program, for tests that watch, signal or kill it. */
export async function startCli(args: string[], options: CliOptions = {}): Promise<Child> {
  const { cwd = tmpdir(), env, signal, input = "", uid, main = MAIN } = options;
  const child = await startProcess(process.execPath, [main, ...args], {
    ...{ cwd, input, uid },
    env: { ...inherited(), ...compiled(), ...env },
  });
  const stop = () => {
    child.kill("SIGTERM");
  };
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop, { once: true });
  return child;
}

/** Half of a short run goes into compiling; coverage is exact only without what was kept of it. */
function compiled(): NodeJS.ProcessEnv {
  if (process.env["NODE_V8_COVERAGE"] !== undefined) return {};
  cache ??= process.env["NODE_COMPILE_CACHE"] ?? tempDir().path;
  return { NODE_COMPILE_CACHE: cache };
}
let cache: string | undefined;

export function inherited(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => INHERITED.includes(name));
  return Object.fromEntries(kept);
}
