#!/usr/bin/env node
import { constants } from "node:os";
import manifest from "../package.json" with { type: "json" };
import type { Request } from "./cli/parse.ts";
import { AppError, asAppError } from "./errors.ts";
import type { Process } from "./commands/network.ts";
import type { Outcome } from "./core/outcome.ts";
import type { Write } from "./ui/report.ts";

const OLDEST_NODE = 24;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** How long an interrupted run may take to clean up behind itself, in milliseconds. */
const LONGEST_FAREWELL = 900;

/** Reads the words, does what they ask, and says with which code to exit. */
async function main(): Promise<number> {
  if (Number.parseInt(process.versions.node) < OLDEST_NODE) {
    process.stderr.write(
      `acme-sidecar needs Node.js ${OLDEST_NODE} or newer; this is ${process.versions.node}.\n`,
    );
    return 2;
  }
  // Before anything is loaded: as process 1 of a container, signals without a handler are lost.
  const { signal } = listenForSignals();
  const { parse } = await import("./cli/parse.ts");
  const { openLog } = await import("./ui/log.ts");
  const { reportError } = await import("./ui/report.ts");

  const { stderr, stdout, argv, env } = process;
  const settings = { stream: stderr, terminal: stderr.isTTY };
  let log = openLog({ ...settings, json: false, verbose: false });
  try {
    const request = parse({
      argv: argv.slice(2),
      env,
      cwd: process.cwd(),
      version: manifest.version,
    });
    if (request.verb === "print") {
      stdout.write(`${request.text}\n`);
      return 0;
    }
    log = openLog({ ...settings, ...request.output });
    return await run(request, log.write, signal);
  } catch (error) {
    reportError(asAppError(error, signal), log.write);
    return 2;
  } finally {
    await log.close();
  }
}

type Task = Exclude<Request, { verb: "print" }>;

async function run(
  request: Task,
  write: Write,
  signal: AbortSignal,
): Promise<number> {
  const { exitCodeOf, reportEvent, reportOutcome, reportWarning } =
    await import("./ui/report.ts");
  for (const warning of request.warnings) reportWarning(warning, write);
  const outcomes = await perform(request, {
    env: process.env,
    now: () => new Date(),
    signal,
    emit: (event) => {
      reportEvent(event, write);
    },
  });
  for (const outcome of outcomes) reportOutcome(outcome, write);
  return exitCodeOf(outcomes);
}

async function perform(request: Task, process: Process): Promise<Outcome[]> {
  switch (request.verb) {
    case "issue": {
      const { issue } = await import("./commands/issue.ts");
      return issue(request.target, request.network, process);
    }
    case "revoke": {
      const { revoke } = await import("./commands/revoke.ts");
      return revoke(request.revocation, request.network, process);
    }
    case "import": {
      const { importFrom } = await import("./commands/import.ts");
      return importFrom(request.wish, process);
    }
  }
}

/** A first signal ends the run in order, a second one, or a clean-up that takes too long, at once. */
function listenForSignals(): AbortController {
  const controller = new AbortController();
  for (const name of SIGNALS) {
    process.on(name, () => {
      exitCode = 128 + constants.signals[name];
      if (controller.signal.aborted) process.exit(exitCode);
      controller.abort(
        new AppError("interrupted", `Interrupted by ${name}.`, {
          scope: "run",
        }),
      );
      setTimeout(() => process.exit(exitCode), LONGEST_FAREWELL).unref();
    });
  }
  return controller;
}

let exitCode: number | undefined;
const code = await main();
// What was finished in spite of a signal counts: a new certificate has to be loaded.
process.exit(code === 0 ? code : (exitCode ?? code));
