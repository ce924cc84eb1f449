import { findSets } from "../core/many/find-sets.ts";
import { byUrgency, statusOf } from "../core/many/status.ts";
import type { Run } from "./run.ts";

/**
 * The status of the sets in a folder and below it, the most urgent first. It does not ask the CA.
 */
export const run: Run<{ dir: string }> = async ({ dir }, { now }) => {
  const moment = now();
  const standings = (await findSets(dir)).map((set) => statusOf(set, moment));
  return { answer: { kind: "standings", dir, standings: standings.sort(byUrgency) } };
};
