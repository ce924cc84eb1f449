import { type ChildProcess, spawn } from "node:child_process";
import { access, constants, stat } from "node:fs/promises";
import { kill } from "node:process";
import type { Readable } from "node:stream";
import { AppError, messageOf, systemCode } from "../../errors.ts";
import { shown } from "../../shown.ts";

/** A program of the user's and how it is run. */
export interface Program {
  /** Its absolute path. */
  file: string;
  env: Record<string, string>;
  /** How long one call may take, in milliseconds. */
  timeout: number;
}

/** Between SIGTERM and SIGKILL, and for output that comes after the end, in milliseconds. */
const GRACE = 2_000;
/** Characters that are kept of what a program writes, and lines of it that are shown. */
const MOST_KEPT = 4_000;
const MOST_SHOWN = 500;
const MOST_LINES = 5;

/** Throws `usage` for what cannot be run at all. */
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
 * Runs a program to its end: no shell, nothing to read, a process group of its own.
 * Returns the last of what it wrote to its standard output. Rejects when it fails, takes
 * too long or the signal ends it; then nothing is left of its process group.
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
  // Told to end, some say that all is well.
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

/** Watches a child, and ends it when told to. */
function endingOf(child: ChildProcess) {
  const closed = new Promise<void>((resolve) => child.once("close", resolve));
  /** What was wrong with its end, if anything. */
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
    /** What it left running may hold the streams open for as long as it likes. */
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

/** A program that is there and cannot be found has an interpreter that is not. */
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
    // Everybody in it has ended.
  }
}

function tailOf(stream: Readable): () => string {
  let kept = "";
  stream.setEncoding("utf8").on("data", (text: string) => {
    kept = (kept + text).slice(-MOST_KEPT);
  });
  // Of a stream that breaks, what came before is all there is.
  stream.on("error", () => undefined);
  return () => kept;
}

/** The last lines, fit to stand in a sentence. */
function lastOf(text: string): string {
  return text
    .split("\n")
    .map((line) => shown(line).trim())
    .filter((line) => line !== "")
    .slice(-MOST_LINES)
    .join(" / ")
    .slice(-MOST_SHOWN);
}
