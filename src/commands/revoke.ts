import { type Revocation, revoke } from "../core/revoke.ts";
import { reachOf } from "./network.ts";
import type { Run } from "./run.ts";

/** Revokes the certificate of one set. */
export const run: Run<Revocation> = async (revocation, host) => ({
  outcomes: [await revoke(revocation, await reachOf(host.network, host))],
});
