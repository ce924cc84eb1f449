import type { Registration } from "../registration.ts";
import type { Transport } from "./transport.ts";

/** The addresses as URLs, which is how an account object has them (RFC 8555 section 7.3). */
export function contactUrls(addresses: readonly string[]): string[] {
  return addresses.map((address) => `mailto:${address}`);
}

/** The contact of an account object, as the CA or a file has it. */
export function contactIn({ contact }: Registration["body"]): string[] {
  return Array.isArray(contact) ? contact.filter((url) => typeof url === "string") : [];
}

/** Whether other addresses are given now than were sent last. None given means: as they were. */
export function isContactNew({ body }: Registration, addresses: readonly string[]): boolean {
  if (addresses.length === 0) return false;
  const sent = contactIn(body);
  const wanted = new Set(contactUrls(addresses));
  return sent.length !== wanted.size || !sent.every((url) => wanted.has(url));
}

/** Tells the CA the addresses (section 7.3.2); in the name of this account, which signs. */
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
