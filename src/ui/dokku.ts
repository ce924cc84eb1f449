import type { Outcome } from "../core/outcome.ts";
import { SECOND } from "../time.ts";

/** The result of an app as a line for the plugin's shell scripts. */
export function sayLine(outcome: Outcome, now: Date): string {
  const { id } = outcome.subject;
  if (outcome.kind !== "kept") return `${outcome.kind} ${id}`;
  const left = outcome.next.getTime() - now.getTime();
  return `kept ${id} ${Math.round(left / SECOND)}`;
}
