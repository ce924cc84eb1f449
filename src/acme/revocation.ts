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

/** Who asks for a revocation: an account, by its key and what is kept of it, or the certificate's own key. */
export type Revoker =
  | { by: "account"; key: KeyObject; registration: Registration | undefined }
  | { by: "certificate"; key: KeyObject };

/**
 * Revokes a certificate (RFC 8555 section 7.6) over the transport of the revoker's key.
 * Resolves to whether it had been valid.
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
      // An earlier try of ours may have arrived although its answer got lost.
      return sent > 1;
    throw error;
  }
}
