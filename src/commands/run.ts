import type { Result } from "../ui/result.ts";
import type { Network, Process } from "./network.ts";

/** What a verb can use: the process, and how to reach CAs. */
export interface Host extends Process {
  network: Network;
}

/** Runs a verb. Throws an AppError if it fails as a whole. */
export type Run<Wish> = (wish: Wish, host: Host) => Promise<Result>;
