#!/usr/bin/env node
import { constants } from "node:os";
import { join } from "node:path";
import manifest from "../package.json" with { type: "json" };
import type { Request, Task, TaskOf } from "./cli/parse.ts";
import type { Verb, Wishes } from "./cli/verbs.ts";
import type { Host, Run } from "./commands/run.ts";
import { AppError, asAppError } from "./errors.ts";
import type { Live } from "./ui/live.ts";
import type { Result } from "./ui/result.ts";
import type { Terminal } from "./ui/terminal.ts";
import type { Write } from "./ui/text.ts";

const OLDEST_NODE = 24;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/**
 * The time that an interrupted run has to clean up, in milliseconds. It starts again when the last
 * `Linger` is disposed of.
 */
const LONGEST_FAREWELL = 900;

/** Runs the command line, and returns the exit code. */
async function main(): Promise<number> {
  if (Number.parseInt(process.versions.node) < OLDEST_NODE) {
    process.stderr.write(
      `acme-sidecar needs Node.js ${OLDEST_NODE} or newer; this is ${process.versions.node}.\n`,
    );
    return 2;
  }
  // Before any import: process 1 of a container ignores signals without a handler.
  const { signal, linger } = listenForSignals();
  const { parseOrSuggest } = await import("./cli/parse.ts");
  const { openLog } = await import("./ui/log.ts");
  const { reportError } = await import("./ui/report.ts");
  const { openPrinter } = await import("./ui/output.ts");
  const { sizeOf, terminalOf } = await import("./ui/terminal.ts");

  const { stderr, stdout, argv, env } = process;
  // If nobody reads the messages any more, the certificates are still wanted.
  stderr.on("error", () => undefined);
  // Those who write there see to it.
  stdout.on("error", () => undefined);
  const messages = terminalOf(stderr, env);
  const { watched: terminal, colour } = messages;
  const columns = () => sizeOf(stderr).columns;
  const settings = { stream: stderr, terminal, colour, columns };
  let log = openLog({ ...settings, json: false, verbose: false });
  try {
    const request = await parseOrSuggest({
      argv: argv.slice(2),
      env,
      cwd: process.cwd(),
      version: manifest.version,
    });
    if (request.verb === "print" || request.verb === "help") {
      const { print, done } = openPrinter(stdout);
      print(await textOf(request));
      await done();
      return 0;
    }
    const live = await openLiveFor(request, messages, signal);
    const { stream } = live ?? settings;
    log = openLog({
      ...settings,
      ...request.output,
      colour: colour && !request.output.json,
      stream,
    });
    return await run(request, { write: log.write, live }, { signal, linger });
  } catch (error) {
    reportError(asAppError(error, signal), log.write);
    return 2;
  } finally {
    await log.close();
  }
}

async function textOf(request: Exclude<Request, Task>): Promise<string> {
  if (request.verb === "print") return request.text;
  const { helpText } = await import("./cli/help.ts");
  return helpText(request.topic);
}

type Interruption = Pick<Host, "signal" | "linger">;

/** Draws how far the run is, if a person watches and nothing else reads the messages. */
async function openLiveFor(
  { output }: Task,
  messages: Terminal,
  signal: AbortSignal,
): Promise<Live | undefined> {
  if (!messages.redraws || output.json || output.report === "lines") return undefined;
  const { openLive } = await import("./ui/live.ts");
  return openLive(messages, { signal, onResume: (then) => process.on("SIGCONT", then) });
}

interface Messages {
  write: Write;
  live: Live | undefined;
}

async function run(
  task: Task,
  { write, live }: Messages,
  interruption: Interruption,
): Promise<number> {
  const { reportWarning } = await import("./ui/report.ts");
  const { openRunReport } = await import("./ui/result.ts");
  const { terminalOf } = await import("./ui/terminal.ts");
  const { network, output: style, warnings } = task;
  const now = () => new Date();
  const output = terminalOf(process.stdout, process.env);
  const report = openRunReport({ ...style, write, output, now });
  const emit: Host["emit"] = (event, target) => {
    live?.note(event, target);
    report.event(event, target);
  };
  for (const warning of warnings) reportWarning(warning, write);
  const host = {
    env: process.env,
    now,
    random: () => Math.random(),
    ...interruption,
    emit,
    stdin: () => process.stdin,
    stdout: process.stdout,
    home: join(import.meta.dirname, ".."),
    network,
  };
  const result = await perform(task, host).finally(() => live?.close());
  return report.result(result);
}

/** Each verb loads only what it needs. */
const COMMANDS: { [V in Verb]: () => Promise<{ run: Run<Wishes[V]> }> } = {
  issue: () => import("./commands/issue.ts"),
  check: () => import("./commands/check.ts"),
  revoke: () => import("./commands/revoke.ts"),
  batch: () => import("./commands/batch.ts"),
  renew: () => import("./commands/renew.ts"),
  status: () => import("./commands/status.ts"),
  verify: () => import("./commands/verify.ts"),
  tar: () => import("./commands/tar.ts"),
  nginx: () => import("./commands/nginx.ts"),
  "account show": () => import("./commands/account/show.ts"),
  "account rollover": () => import("./commands/account/rollover.ts"),
  "account deactivate": () => import("./commands/account/deactivate.ts"),
  "account import": () => import("./commands/account/import.ts"),
  plugin: () => import("./commands/plugin.ts"),
  "plugin install": () => import("./commands/plugin-install.ts"),
  completion: () => import("./cli/completion.ts"),
  dokku: () => import("./commands/dokku.ts"),
  "dokku check": () => import("./commands/dokku-check.ts"),
};

async function perform<V extends Verb>({ verb, wish }: TaskOf<V>, host: Host): Promise<Result> {
  const { run } = await COMMANDS[verb]();
  return run(wish, host);
}

/**
 * The first signal ends the run in order. A second one, or a clean-up that takes too long, ends it
 * at once.
 */
function listenForSignals(): Interruption {
  const controller = new AbortController();
  const { signal } = controller;
  let lingering = 0;
  let guard: NodeJS.Timeout | undefined;
  const watch = () => {
    clearTimeout(guard);
    if (!signal.aborted || lingering > 0) return;
    guard = setTimeout(() => process.exit(exitCode), LONGEST_FAREWELL).unref();
  };
  for (const name of SIGNALS) {
    process.on(name, () => {
      exitCode = 128 + constants.signals[name];
      if (signal.aborted) process.exit(exitCode);
      controller.abort(
        new AppError("interrupted", `Interrupted by ${name}.`, {
          scope: "run",
        }),
      );
      watch();
    });
  }
  const linger = () => {
    lingering += 1;
    watch();
    return {
      [Symbol.dispose]() {
        lingering -= 1;
        watch();
      },
    };
  };
  return { signal, linger };
}

let exitCode: number | undefined;
// What was done in spite of a signal counts: a new certificate has to be loaded.
void main().then((code) => process.exit(code === 0 ? code : (exitCode ?? code)));
