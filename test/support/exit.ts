const last: (() => void)[] = [];

/**
 * Runs `action` (synchronous) when this process ends: normally, by an uncaught
 * error, or by a signal that asks it to end.
 */
export function atExit(action: () => void): void {
  if (last.length === 0) watch();
  last.push(action);
}

function watch(): void {
  process.once("exit", runAll);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      runAll();
      process.kill(process.pid, signal);
    });
  }
}

function runAll(): void {
  for (const action of last.splice(0).reverse()) {
    try {
      action();
    } catch (error) {
      console.error("clean-up at exit failed:", error);
    }
  }
}
