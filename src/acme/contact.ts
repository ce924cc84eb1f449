import type { Registration } from "../registration.ts";
import type { Transport } from "./transport.ts";

/** The email addresses as URLs, for an account object (RFC 8555 section 7.3). */
export function contactUrls(addresses: readonly string[]): string[] {
  return addresses.map((address) => `mailto:${address}`);
}

/** The contact URLs in an account object. */
export function contactIn({ contact }: Registration["body"]): string[] {
  return Array.isArray(contact) ? contact.filter((url) => typeof url === "string") : [];
}

/** Whether the addresses differ from those that we sent last. No addresses mean no change. */
export function isContactNew({ body }: Registration, addresses: readonly string[]): boolean {
  if (addresses.length === 0) return false;
  const sent = contactIn(body);
  const wanted = new Set(contactUrls(addresses));
  return sent.length !== wanted.size || !sent.every((url) => wanted.has(url));
}

/**
 * Sends the addresses to the CA (RFC 8555 section 7.3.2). The transport must sign as this account.
 */
export async function changeContact(
  transport: Transport,
  { uri, body }: Registration,
  addresses: readonly string[],
): Promise<Registration> {
  const contact = [...new Set(contactUrls(addresses))];
  const reply = await transport.post({
    url: uri,
    payload: { contact },
    doing: "change the contact of the account",
  });
  return { uri, body: { ...body, ...reply.body, contact } };
}
