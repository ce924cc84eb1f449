import type { KeyObject } from "node:crypto";
import { Client } from "acme-client";
import { publicJwk } from "../jwk.ts";
import { isKnown } from "./account.ts";
import { addressIn } from "./protocol.ts";
import { openTransport, type Transport, type TransportOptions } from "./transport.ts";

/** The URL for changing an account's key. */
export async function keyChangeOf(transport: Transport): Promise<string> {
  return addressIn(await transport.directory(), "keyChange", "directory");
}

interface Change {
  /** The account's URL. */
  account: string;
  newKey: KeyObject;
}

/** With `changed: false` the CA has said that it does not know the new key. */
export type Changed = { changed: true } | { changed: false; error: unknown };

/**
 * Gives an account a new key (RFC 8555 section 7.3.5). If an answer is lost, we do not know whether
 * the CA accepted the key. So we ask for the account of the new key before we send anything again.
 * Rejects if we cannot find out which key is valid.
 */
export async function changeKey(
  options: TransportOptions,
  { account, newKey }: Change,
): Promise<Changed> {
  const transport = openTransport(options);
  const url = await keyChangeOf(transport);
  transport.signAs(account);
  const payload = innerJws(options, { url, account, newKey });
  let refused: unknown;
  try {
    await transport.patiently(async () => {
      refused = undefined;
      try {
        const doing = "take the account's new key";
        await transport.post({ url, payload, doing, once: true });
      } catch (error) {
        if (await hasAccount(options, newKey)) return;
        refused = error;
        throw error;
      }
    });
    return { changed: true };
  } catch (error) {
    if (error === refused) return { changed: false, error };
    throw error;
  }
}

/** Whether a key has an account at the CA. */
export function hasAccount(options: TransportOptions, key: KeyObject): Promise<boolean> {
  return isKnown(openTransport({ ...options, accountKey: key }), key);
}

/** The inner JWS, signed with the new key. It has no nonce. */
function innerJws(
  { directoryUrl, accountKey }: TransportOptions,
  { url, account, newKey }: Change & { url: string },
): object {
  const { http } = new Client({
    directoryUrl,
    accountKey: newKey.export({ type: "pkcs8", format: "pem" }),
  });
  return http.createSignedBody(url, { account, oldKey: publicJwk(accountKey) });
}
