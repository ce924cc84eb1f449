import type { X509Certificate } from "node:crypto";
import type { Authority } from "../acme/authority.ts";
import { readCertificates } from "../store/pem.ts";
import type { Emit } from "./outcome.ts";
import type { Chain } from "./target.ts";

/**
 * The wanted chain (PEM, leaf first). If the CA does not offer it, the usual chain, with an event.
 */
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
  // The root is often left out, but the last certificate names it as its issuer.
  return issuers.some(({ subject, issuer }) =>
    [subject, issuer].some((name) => commonName(name) === wanted.issuer),
  );
}

/**
 * The certificates of a chain. An unreadable chain has none here; `prove` reports the error later.
 */
function readable(pem: string): X509Certificate[] {
  try {
    return readCertificates(pem);
  } catch {
    return [];
  }
}

/** The common name in a distinguished name. Node.js writes each attribute on its own line. */
function commonName(name: string): string | undefined {
  return /^CN=(.*)$/m.exec(name)?.[1];
}
