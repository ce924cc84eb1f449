import { type Revocation, revoke } from "../core/revoke.ts";
import { caContextOf } from "./network.ts";
import type { Run } from "./run.ts";

/** Revokes the certificate of one set. */
export const run: Run<Revocation> = async (revocation, host) => ({
  outcomes: [await revoke(revocation, await caContextOf(host.network, host))],
});
