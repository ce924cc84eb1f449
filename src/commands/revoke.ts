import type { Outcome } from "../core/outcome.ts";
import { type Revocation, revoke as revokeSet } from "../core/revoke.ts";
import { type Network, type Process, caContextOf } from "./network.ts";

/** Revokes the certificate of one set. Throws an AppError. */
export async function revoke(
  revocation: Revocation,
  network: Network,
  host: Process,
): Promise<Outcome[]> {
  return [await revokeSet(revocation, await caContextOf(network, host))];
}
