#!/usr/bin/env node
import { constants } from "node:os";
import { join } from "node:path";
import manifest from "../package.json" with { type: "json" };
import type { Request } from "./cli/parse.ts";
import { AppError, asAppError } from "./errors.ts";
import { shownLines } from "./shown.ts";
import type { Process } from "./commands/network.ts";
import type { Outcome } from "./core/outcome.ts";
import type { Write } from "./ui/text.ts";

const OLDEST_NODE = 24;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** How long an interrupted run may take to clean up behind itself, in milliseconds; longer only while something lingers. */
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
  const { signal, linger } = listenForSignals();
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
    return await run(request, log.write, { signal, linger });
  } catch (error) {
    reportError(asAppError(error, signal), log.write);
    return 2;
  } finally {
    await log.close();
  }
}

type Interruption = Pick<Process, "signal" | "linger">;
type Task = Exclude<Request, { verb: "print" }>;

async function run(request: Task, write: Write, interruption: Interruption): Promise<number> {
  const { exitCodeOf, openReport, reportOutcome, reportWarning } = await import("./ui/report.ts");
  const { reportSummary, reportTroubles } = await import("./ui/summary.ts");
  const report = openReport(write);
  for (const warning of request.warnings) reportWarning(warning, write);
  const outcomes = await perform(request, {
    env: process.env,
    now: () => new Date(),
    random: () => Math.random(),
    ...interruption,
    emit: (event, target) => {
      report.event(event, target);
    },
    stdin: () => process.stdin,
    stdout: process.stdout,
    home: join(import.meta.dirname, ".."),
  });
  if (request.verb === "batch" || request.verb === "renew") reportSummary(outcomes, write);
  else if (request.verb === "dokku") reportTroubles(outcomes, write);
  else for (const outcome of outcomes) reportOutcome(outcome, write);
  for (const outcome of outcomes)
    if (outcome.kind === "told" && outcome.text !== undefined)
      process.stdout.write(`${shownLines(outcome.text)}\n`);
  return exitCodeOf(outcomes);
}

/** Each verb loads what it needs, and nothing else. */
const VERBS: {
  [Verb in Task["verb"]]: (
    request: Extract<Task, { verb: Verb }>,
    process: Process,
  ) => Promise<Outcome[]>;
} = {
  async issue({ target, network }, process) {
    const { issue } = await import("./commands/issue.ts");
    return issue(target, network, process);
  },
  async try({ target, network }, process) {
    const { tryOut } = await import("./commands/try.ts");
    return tryOut(target, network, process);
  },
  async revoke({ revocation, network }, process) {
    const { revoke } = await import("./commands/revoke.ts");
    return revoke(revocation, network, process);
  },
  async import({ wish }, process) {
    const { importFrom } = await import("./commands/import.ts");
    return importFrom(wish, process);
  },
  async batch({ source, work, network }, process) {
    const { batch } = await import("./commands/batch.ts");
    return batch(source, work, { network, host: process });
  },
  async renew({ renewal, work, network }, process) {
    const { renew } = await import("./commands/batch.ts");
    return renew(renewal, work, { network, host: process });
  },
  async status(request, process) {
    const { status } = await import("./commands/status.ts");
    return status(request, process);
  },
  async dokku({ source, network }, process) {
    const { dokku } = await import("./commands/dokku.ts");
    return dokku(source, network, process);
  },
  async plugin({ part }, process) {
    const { plugin } = await import("./commands/plugin.ts");
    return plugin(part, process);
  },
  async tar(request, process) {
    const { tar } = await import("./commands/tar.ts");
    return tar(request, process);
  },
  async nginx({ include, network }, process) {
    const { nginx } = await import("./commands/nginx.ts");
    return nginx(include, network, process);
  },
  async account({ errand, network }, process) {
    const { account } = await import("./commands/account.ts");
    return account(errand, network, process);
  },
};

function perform(request: Task, process: Process): Promise<Outcome[]> {
  const work = VERBS[request.verb] as (request: Task, process: Process) => Promise<Outcome[]>;
  return work(request, process);
}

/** A first signal ends the run in order, a second one, or a clean-up that takes too long, at once. */
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
// What was finished in spite of a signal counts: a new certificate has to be loaded.
void main().then((code) => process.exit(code === 0 ? code : (exitCode ?? code)));
