import type { X509Certificate } from "node:crypto";
import type { Authority } from "../acme/authority.ts";
import { readCertificates } from "../store/pem.ts";
import type { Emit } from "./outcome.ts";
import type { Chain } from "./target.ts";

/** The chain (PEM, leaf first) that is wanted, or the usual one, with an event, when the CA does not offer it. */
export async function chooseChain(
  chains: ReturnType<Authority["chains"]>,
  wanted: Chain,
  emit: Emit,
): Promise<string> {
  let usual: string | undefined;
  let offered = 0;
  for await (const pem of chains) {
    usual ??= pem;
    if (isWanted(pem, offered, wanted)) return pem;
    offered += 1;
  }
  emit({ type: "no-such-chain", wanted, offered });
  return usual ?? "";
}

function isWanted(pem: string, place: number, wanted: Chain): boolean {
  if ("alternate" in wanted) return place === wanted.alternate;
  const [, ...issuers] = readable(pem);
  // The root itself is often left out, but the last certificate names it.
  return issuers.some(({ subject, issuer }) =>
    [subject, issuer].some((name) => commonName(name) === wanted.issuer),
  );
}

/** A chain that cannot be read is not wanted by its names; what is wrong with it is told when it is proven. */
function readable(pem: string): X509Certificate[] {
  try {
    return readCertificates(pem);
  } catch {
    return [];
  }
}

/** Of a distinguished name as Node.js writes it, one attribute a line. */
function commonName(name: string): string | undefined {
  return /^CN=(.*)$/m.exec(name)?.[1];
}
