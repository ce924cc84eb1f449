import type { Outcome } from "../core/outcome.ts";
import { SECOND } from "../time.ts";

/** How an app's wish ended, in a line that the plugin's shell reads. */
export function sayLine(outcome: Outcome, now: Date): string {
  const { id } = outcome.subject;
  if (outcome.kind !== "kept") return `${outcome.kind} ${id}`;
  const left = outcome.next.getTime() - now.getTime();
  return `kept ${id} ${Math.round(left / SECOND)}`;
}
