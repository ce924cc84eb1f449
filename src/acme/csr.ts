import type { KeyObject } from "node:crypto";
import { crypto } from "acme-client";
import type { Name } from "../name.ts";

/** A certificate signing request (RFC 2986, DER). All names are in the SAN, none in the CN. */
export async function createCsr(names: readonly Name[], key: KeyObject): Promise<Buffer> {
  const [, pem] = await crypto.createCsr(
    { altNames: [...names] },
    key.export({ type: "pkcs8", format: "pem" }),
  );
  const body = pem.toString().replace(/-----[A-Z ]+-----|\s/g, "");
  return Buffer.from(body, "base64");
}
