import { createHmac, type KeyObject } from "node:crypto";
import { AppError } from "../errors.ts";
import { publicJwk } from "../jwk.ts";
import { authorityAt } from "./authorities.ts";
import { metaOf } from "./protocol.ts";

/** A CA's credentials for external account binding (RFC 8555 section 7.3.4). */
export interface Credentials {
  kid: string;
  macKey: Buffer;
}

const HASHES = { HS256: "sha256", HS384: "sha384", HS512: "sha512" };
type MacAlgorithm = keyof typeof HASHES;
const ALGORITHMS = Object.keys(HASHES) as MacAlgorithm[];

/**
 * The algorithm that every CA accepts. The length of a key does not show its algorithm: ZeroSSL's
 * keys have 40 bytes, and Google calls keys of any length HS256 keys.
 */
export const USUAL_ALGORITHM: MacAlgorithm = "HS256";

/**
 * The bytes of a MAC key, in base64url or base64, with or without padding. Throws an Error whose
 * message is the end of a sentence about the key and does not show it.
 */
export function readMacKey(text: string): Buffer {
  const bare = text.trim().replace(/={1,2}$/, "");
  if (bare === "") throw new Error("it is empty");
  if (!/^(?:[A-Za-z0-9_-]+|[A-Za-z0-9+/]+)$/.test(bare))
    throw new Error(
      "it is neither base64url nor base64: take the key as the CA shows it, and nothing else",
    );
  if (bare.length % 4 === 1)
    throw new Error("it is not whole: base64url has no text of this length");
  return Buffer.from(bare, "base64url");
}

/** What to do about a malformed MAC key. */
export const MAC_KEY_HINT =
  "Give the MAC key of the CA, alone, as it was shown with the key identifier.";

/** The binding: the account's public key, signed with the CA's MAC key. */
export function bind(
  { kid, macKey }: Credentials,
  { url, key, alg }: { url: string; key: KeyObject; alg: MacAlgorithm },
): Record<string, string> {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const head = encode({ alg, kid, url });
  const payload = encode(publicJwk(key));
  const signature = createHmac(HASHES[alg], macKey)
    .update(`${head}.${payload}`)
    .digest("base64url");
  return { protected: head, payload, signature };
}

/**
 * An algorithm that the CA accepts and that we have not tried (RFC 8555 section 6.2); undefined if
 * there is none.
 */
export function otherAlgorithm(
  offered: readonly string[],
  tried: readonly MacAlgorithm[],
): MacAlgorithm | undefined {
  return ALGORITHMS.find((alg) => offered.includes(alg) && !tried.includes(alg));
}

/** Whether the CA makes accounts only for customers who already have an account elsewhere. */
export function requiresBinding(directory: Record<string, unknown>): boolean {
  return metaOf(directory, "externalAccountRequired") === true;
}

/** The error for a CA that requires a binding, if the user gave none. */
export function bindingMissing(directoryUrl: string): AppError {
  const { ca, from } = sourceOf(directoryUrl);
  return new AppError(
    "account-refused",
    `${ca} makes an account only with an external account binding, and none was given.`,
    {
      hint: `Get a key identifier and a MAC key from ${from}, and give them with --eab_kid and --eab_hmac_key_file.`,
      scope: "account",
    },
  );
}

/** What to do if the CA refuses a binding. */
export function bindingHint(directoryUrl: string): string {
  const { from } = sourceOf(directoryUrl);
  return `Check that --eab_kid and the MAC key belong together, are meant for this CA and are still good (some work only once, or only for a few days). Get new ones from ${from}.`;
}

function sourceOf(directoryUrl: string) {
  const { host } = new URL(directoryUrl);
  const known = authorityAt(host);
  return known?.bindingPage === undefined
    ? { ca: `The CA at ${host}`, from: "the CA's operator" }
    : { ca: `${known.operator} (${host})`, from: `the CA (${known.bindingPage})` };
}
