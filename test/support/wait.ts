import { setTimeout as pause } from "node:timers/promises";

/** How long anything may take before it counts as never; far beyond what a loaded machine needs. */
export const PATIENCE = 30_000;
const BETWEEN = 20;

/**
 * Asks `probe` again and again until it answers something other than
 * `undefined` or `false`. An error of `probe` ends the wait.
 */
export async function eventually<T>(
  what: string,
  probe: () => T | Promise<T>,
): Promise<Exclude<T, undefined | false>> {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined && answer !== false) {
      return answer as Exclude<T, undefined | false>;
    }
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await pause(BETWEEN);
  }
}
