import type { Result } from "../ui/result.ts";
import type { Network, Process } from "./network.ts";

/** What a verb has around it: the process, and how it is to reach CAs. */
export interface Host extends Process {
  network: Network;
}

/** Does what a verb is asked for. Throws an AppError where nothing came of it. */
export type Run<Wish> = (wish: Wish, host: Host) => Promise<Result>;
