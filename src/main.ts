#!/usr/bin/env node
import { constants } from "node:os";
import type { Request } from "./cli/parse.ts";
import { AppError, messageOf } from "./errors.ts";
import manifest from "../package.json" with { type: "json" };
import { openLog } from "./ui/log.ts";
import {
  exitCodeOf,
  reportError,
  reportEvent,
  reportOutcome,
} from "./ui/report.ts";

const OLDEST_NODE = 24;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** How long an interrupted run may take to clean up behind itself, in milliseconds. */
const LONGEST_FAREWELL = 900;

/** Reads the words, does what they ask, and says with which code to exit. */
async function main(): Promise<number> {
  const terminal = process.stderr.isTTY;
  const plain = {
    stream: process.stderr,
    json: false,
    verbose: false,
    terminal,
  };
  if (Number.parseInt(process.versions.node) < OLDEST_NODE) {
    process.stderr.write(
      `acme-sidecar needs Node.js ${OLDEST_NODE} or newer; this is ${process.versions.node}.\n`,
    );
    return 2;
  }
  const interruption = listenForSignals();
  let log = openLog(plain);
  try {
    const { parse } = await import("./cli/parse.ts");
    const request = parse({
      argv: process.argv.slice(2),
      env: process.env,
      cwd: process.cwd(),
      version: manifest.version,
    });
    if (request.verb === "print") {
      process.stdout.write(`${request.text}\n`);
      return 0;
    }
    log = openLog({ ...plain, ...request.output });
    return await run(request, log.write, interruption.signal);
  } catch (error) {
    reportError(
      error instanceof AppError
        ? error
        : new AppError("internal", messageOf(error), { cause: error }),
      log.write,
    );
    return 2;
  } finally {
    await log.close();
  }
}

async function run(
  request: Extract<Request, { verb: "issue" }>,
  write: Parameters<typeof reportEvent>[1],
  signal: AbortSignal,
): Promise<number> {
  const { issue } = await import("./commands/issue.ts");
  const outcomes = await issue(request.target, request.network, {
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
process.exit(exitCode ?? code);
