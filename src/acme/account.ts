import { createPublicKey, type KeyObject } from "node:crypto";
import { ProblemError } from "./problem.ts";
import { misbehaved, stringOf } from "./protocol.ts";
import type { Transport } from "./transport.ts";

/** What is kept of an account: its URL and the account object (RFC 8555 section 7.1.2) as the CA sent it. */
export interface Registration {
  uri: string;
  body: Record<string, unknown>;
}

export type AccountEvent =
  | { type: "terms-agreed"; url: string }
  | { type: "account"; uri: string; created: boolean };

interface Applicant {
  key: KeyObject;
  /** Mail addresses; none is allowed. */
  contact: readonly string[];
  emit: (event: AccountEvent) => void;
}

/**
 * Finds the account of a key at the CA, or creates it (RFC 8555 section 7.3:
 * newAccount with a known key returns the existing account). Agrees to the terms
 * of service, as simp_le does.
 */
export async function register(
  transport: Transport,
  { key, contact, emit }: Applicant,
): Promise<Registration> {
  const directory = await transport.directory();
  const meta = directory["meta"];
  if (typeof meta === "object" && meta !== null && "termsOfService" in meta)
    emit({ type: "terms-agreed", url: String(meta.termsOfService) });
  const { registration, created } = await newAccount(transport, key, {
    termsOfServiceAgreed: true,
    ...(contact.length > 0
      ? { contact: contact.map((address) => `mailto:${address}`) }
      : {}),
  });
  emit({ type: "account", uri: registration.uri, created });
  return registration;
}

/** Finds the account of a key (section 7.3.1), and does not create one. */
export async function find(
  transport: Transport,
  { key, emit }: Omit<Applicant, "contact">,
): Promise<Registration> {
  const { registration } = await newAccount(transport, key, {
    onlyReturnExisting: true,
  });
  emit({ type: "account", uri: registration.uri, created: false });
  return registration;
}

async function newAccount(
  transport: Transport,
  key: KeyObject,
  payload: { onlyReturnExisting?: true; [member: string]: unknown },
): Promise<{ registration: Registration; created: boolean }> {
  const reply = await transport.post({
    url: stringOf(await transport.directory(), "newAccount", "directory"),
    payload,
    doing: payload.onlyReturnExisting
      ? "find the account"
      : "register the account",
    byKey: true,
  });
  const uri = reply.location ?? misbehaved("sent an account without its URL");
  const jwk = createPublicKey(key).export({ format: "jwk" });
  return {
    registration: { uri, body: { key: jwk, ...reply.body } },
    created: reply.status === 201,
  };
}

/**
 * Whether a kept registration can belong to this CA and this key: accounts live
 * on the host of `newAccount`, and the key in the body, if any, is this one.
 */
export function belongs(
  registration: Registration,
  directory: Record<string, unknown>,
  key: KeyObject,
): boolean {
  const home = URL.parse(stringOf(directory, "newAccount", "directory"));
  const account = URL.parse(registration.uri);
  if (account === null || account.origin !== home?.origin) return false;
  const kept = registration.body["key"];
  if (typeof kept !== "object" || kept === null) return true;
  const own: Record<string, unknown> = {
    ...createPublicKey(key).export({ format: "jwk" }),
  };
  return Object.entries(kept).every(
    ([member, value]) => !(member in own) || own[member] === value,
  );
}

/** Whether the CA's answer can mean that it does not know the account that signed. */
export function isAccountUnknown(error: unknown): error is ProblemError {
  return (
    error instanceof ProblemError &&
    ["accountDoesNotExist", "unauthorized", "malformed"].includes(
      error.problem.type,
    )
  );
}
