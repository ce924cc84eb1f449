import type { KeyObject } from "node:crypto";
import type { Registration } from "../registration.ts";
import { type AccountEvent, asAccount, belongs, find } from "./account.ts";
import { ProblemError } from "./problem.ts";
import { addressIn } from "./protocol.ts";
import type { Transport } from "./transport.ts";

export interface Revocation {
  /** DER. */
  certificate: Buffer;
  /** CRLReason of RFC 5280 section 5.3.1. */
  reason: number;
}

/**
 * Who requests a revocation: an account, with its key and recorded registration, or the
 * certificate's own key.
 */
export type Revoker =
  | { by: "account"; key: KeyObject; registration: Registration | undefined }
  | { by: "certificate"; key: KeyObject };

/**
 * Revokes a certificate (RFC 8555 section 7.6). The transport must use the revoker's key. Resolves
 * to whether this run revoked it; false if it was revoked before.
 */
export async function revokeCertificate(
  transport: Transport,
  { certificate, reason }: Revocation,
  { revoker, emit }: { revoker: Revoker; emit: (event: AccountEvent) => void },
): Promise<boolean> {
  const directory = await transport.directory();
  const url = addressIn(directory, "revokeCert", "directory");
  const payload = { certificate: certificate.toString("base64url"), reason };
  const doing = "revoke the certificate";
  const byKey = revoker.by === "certificate";
  let sent = 0;
  const ask = () =>
    transport.patiently(async () => {
      sent += 1;
      await transport.post({ url, payload, doing, byKey, once: true });
    });
  try {
    if (revoker.by === "certificate") await ask();
    else {
      const { key, registration } = revoker;
      const kept = registration && belongs(registration, directory, key) ? registration : undefined;
      await asAccount(transport, kept, { ask, find: () => find(transport, { key, emit }) });
    }
    return true;
  } catch (error) {
    if (error instanceof ProblemError && error.problem.type === "alreadyRevoked")
      // Perhaps our first request arrived, but its answer was lost.
      return sent > 1;
    throw error;
  }
}
