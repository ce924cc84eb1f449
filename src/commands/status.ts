import type { Outcome } from "../core/outcome.ts";
import { findSets } from "../core/many/find-sets.ts";
import { byUrgency, statusOf } from "../core/many/status.ts";
import { sayStatus } from "../ui/status.ts";
import type { Process } from "./network.ts";

/** Tells how the sets in a folder and below it stand, the most urgent first. The CA is not asked. */
export async function status(
  { dir, json }: { dir: string; json: boolean },
  { now }: Pick<Process, "now">,
): Promise<Outcome[]> {
  const sets = await findSets(dir);
  const moment = now();
  const rows = sets.map((set) => statusOf(set, moment));
  const text = sayStatus(rows.sort(byUrgency), { json, dir });
  return [{ subject: { id: dir, names: [], dir }, kind: "told", text }];
}
