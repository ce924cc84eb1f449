import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { atExit } from "./exit.ts";
import { isListening } from "./ports.ts";
import { findTool } from "./tools.ts";
import { eventually, PATIENCE } from "./wait.ts";

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface Child extends AsyncDisposable {
  pid: number;
  stdout(): string;
  stderr(): string;
  /** Both streams, in the order in which they arrived. */
  output(): string;
  /** When it has ended and all its output has been read. */
  exited: Promise<Exit>;
  hasExited(): boolean;
  /** Waits for output (from the given offset of `output()` on); rejects if the child ends without it. */
  until(pattern: RegExp, from?: number): Promise<RegExpExecArray>;
  /** Signals the child alone, not its descendants. */
  kill(signal?: NodeJS.Signals): void;
}

export interface ProcessOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  input?: string;
  /** Whom the child runs as; root alone can choose. */
  uid?: number | undefined;
  /** What the child gets should this process die without a chance to end it. */
  orphanSignal?: "KILL" | "TERM";
}

const GRACE = 5_000;
const groups = new Set<number>();
let watched = false;

/**
 * Starts a program in a process group of its own. Disposing ends it, and whatever it
 * started in that group: SIGTERM first, SIGKILL to the rest.
 */
export async function startProcess(
  command: string,
  args: string[],
  options: ProcessOptions = {},
): Promise<Child> {
  const { cwd, env = process.env, input = "", orphanSignal = "KILL" } = options;
  const { uid } = options;
  const [file, ...rest] = tied(orphanSignal, [command, ...args]);
  const child = spawn(file, rest, { cwd, env, uid, detached: true });
  const record = collect(child);
  await once(child, "spawn");
  const closed = once(child, "close");
  const pid = child.pid ?? 0;
  endAtExit(pid);
  child.stdin.on("error", ignoreBrokenPipe).end(input);

  let ended = false;
  const exited = closed.then(([code, signal]): Exit => {
    ended = true;
    return {
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    };
  });
  return {
    pid,
    stdout: () => record.stdout,
    stderr: () => record.stderr,
    output: () => record.output,
    exited,
    hasExited: () => ended,
    until: (pattern, from = 0) =>
      eventually(`${String(pattern)} in the output of ${command}`, () => {
        const found = new RegExp(pattern).exec(record.output.slice(from));
        if (found !== null) return found;
        if (ended) throw new Error(`${command} ended:\n${record.output}`);
        return undefined;
      }),
    kill(signal = "SIGTERM") {
      child.kill(signal);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      const late = setTimeout(() => {
        killGroup(pid);
      }, GRACE);
      await Promise.race([exited, once(child, "exit")]);
      clearTimeout(late);
      killGroup(pid);
      await exited;
      groups.delete(pid);
    },
  };
}

/** Waits until a child accepts connections on a port; rejects if it ends before. */
export async function untilListening(child: Child, port: number, host?: string): Promise<void> {
  await eventually(`a listener on port ${port}`, async () => {
    if (child.hasExited()) {
      throw new Error(`ended before it listened:\n${child.output()}`);
    }
    return isListening(port, host);
  });
}

/** The result of a program that ends by itself; rejects if it fails. */
export async function run(command: string, args: string[]): Promise<string> {
  await using child = await startProcess(command, args);
  const timer = AbortSignal.timeout(PATIENCE);
  timer.addEventListener("abort", () => {
    child.kill("SIGKILL");
  });
  const { code, signal } = await child.exited;
  if (code === 0) return child.stdout();
  throw new Error(`${command} ended with ${code ?? signal}: ${child.output()}`);
}

/** Linux ends the child with its parent, even when that is killed with SIGKILL. */
function tied(signal: string, command: [string, ...string[]]): [string, ...string[]] {
  const setpriv = process.platform === "linux" ? findTool("setpriv") : undefined;
  return setpriv === undefined ? command : [setpriv, "--pdeathsig", signal, "--", ...command];
}

function collect(child: ChildProcess) {
  const record = { stdout: "", stderr: "", output: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      record[name] += text;
      record.output += text;
    });
  }
  return record;
}

function endAtExit(pid: number): void {
  groups.add(pid);
  if (watched) return;
  watched = true;
  atExit(() => {
    groups.forEach(killGroup);
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}
