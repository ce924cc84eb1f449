import { type ChildProcess, spawn } from "node:child_process";
import { access, constants, stat } from "node:fs/promises";
import { kill } from "node:process";
import type { Readable } from "node:stream";
import { AppError, messageOf, systemCode } from "../../errors.ts";
import { shown } from "../../shown.ts";

export interface Program {
  file: string;
  env: Record<string, string>;
  /** The limit for one call, in milliseconds. */
  timeout: number;
}

/** The time between SIGTERM and SIGKILL, and the wait for late output, in milliseconds. */
const GRACE = 2_000;
/** The characters of output to keep, the characters to show, and the lines to show. */
const MOST_KEPT = 4_000;
const MOST_SHOWN = 500;
const MOST_LINES = 5;

/** Throws `usage` if the program cannot be run. */
export async function checkProgram(file: string): Promise<void> {
  let reason: string | undefined;
  try {
    if (!(await stat(file)).isFile()) reason = "it is not a file";
    else await access(file, constants.X_OK);
  } catch (error) {
    reason = messageOf(error);
  }
  if (reason === undefined) return;
  throw new AppError("usage", `Cannot run ${file}: ${reason}.`, {
    hint: "Mount the program that sets TXT records, make it executable (chmod +x), and name it with --dns_exec.",
    scope: "run",
  });
}

/**
 * Runs a program to its end, without a shell and with an empty standard input, in its own process
 * group. Resolves to the end of its standard output. Rejects if the program fails, takes too long
 * or is ended by the signal. If it was ended, its whole process group is killed.
 */
export async function call(
  { file, env, timeout }: Program,
  words: readonly string[],
  signal?: AbortSignal,
): Promise<string> {
  signal?.throwIfAborted();
  const child = spawn(file, words, {
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const stdout = tailOf(child.stdout);
  const stderr = tailOf(child.stderr);
  const ending = endingOf(child);
  const clock = { late: false };
  const timer = setTimeout(() => {
    clock.late = true;
    ending.stop();
  }, timeout);
  signal?.addEventListener("abort", ending.stop);
  const flaw = await ending.flaw;
  clearTimeout(timer);
  signal?.removeEventListener("abort", ending.stop);
  await ending.done();
  signal?.throwIfAborted();
  // A program that we end may still exit with 0.
  if (flaw === undefined && !clock.late) return stdout();
  const what = clock.late ? `took more than ${timeout / 1000} s` : flaw;
  const said = lastOf(stderr());
  throw new AppError(
    "dns-failed",
    `${file} ${words.slice(0, 2).join(" ")}: it ${what ?? ""}${said && `, and said: ${said}`}`,
    {
      hint: clock.late
        ? "Give it longer with --dns_timeout, or run it by hand to see what it waits for."
        : "Run it by hand with these words and a value to see what it lacks.",
    },
  );
}

/** Watches a child, and ends it on request. */
function endingOf(child: ChildProcess) {
  const closed = new Promise<void>((resolve) => child.once("close", resolve));
  /** What went wrong, if anything. */
  const flaw = new Promise<string | undefined>((resolve) => {
    child.once("error", (error) => {
      resolve(`could not be started: ${reasonOf(error)}`);
    });
    child.once("exit", (code, signal) => {
      if (code === 0) resolve(undefined);
      else resolve(`ended with ${signal ?? `exit code ${String(code)}`}`);
    });
  });
  let killing: NodeJS.Timeout | undefined;
  return {
    flaw,
    stop: () => {
      killGroup(child, "SIGTERM");
      killing ??= setTimeout(killGroup, GRACE, child, "SIGKILL");
    },
    /**
     * Waits for the rest of the output, but not for long: processes that the child left may keep
     * the streams open.
     */
    async done(): Promise<void> {
      if (child.pid === undefined) return;
      let drained: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        drained = setTimeout(resolve, GRACE);
      });
      await Promise.race([closed, patience]);
      clearTimeout(drained);
      clearTimeout(killing);
      if (killing !== undefined) killGroup(child, "SIGKILL");
      child.stdout?.destroy();
      child.stderr?.destroy();
    },
  };
}

/** The program exists, as `checkProgram` has shown. So ENOENT is about its interpreter. */
function reasonOf(error: Error): string {
  return systemCode(error) === "ENOENT"
    ? "the interpreter in its first line (#!) does not exist"
    : messageOf(error);
}

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    kill(-pid, signal);
  } catch {
    // The whole process group has ended.
  }
}

function tailOf(stream: Readable): () => string {
  let kept = "";
  stream.setEncoding("utf8").on("data", (text: string) => {
    kept = (kept + text).slice(-MOST_KEPT);
  });
  // If the stream breaks, the output before that is enough.
  stream.on("error", () => undefined);
  return () => kept;
}

/** The last lines as part of a sentence. */
function lastOf(text: string): string {
  return text
    .split("\n")
    .map((line) => shown(line).trim())
    .filter((line) => line !== "")
    .slice(-MOST_LINES)
    .join(" / ")
    .slice(-MOST_SHOWN);
}
