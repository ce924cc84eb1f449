import type { KeyObject } from "node:crypto";
import { AppError } from "../errors.ts";
import { publicJwk } from "../jwk.ts";
import type { Registration } from "../registration.ts";
import {
  bind,
  bindingHint,
  bindingMissing,
  type Credentials,
  otherAlgorithm,
  requiresBinding,
  USUAL_ALGORITHM,
} from "./binding.ts";
import { contactUrls } from "./contact.ts";
import { ProblemError } from "./problem.ts";
import { addressIn, addressOf, isWebAddress, metaOf, misbehaved } from "./protocol.ts";
import type { Transport } from "./transport.ts";

export type AccountEvent =
  | { type: "terms-agreed"; url: string }
  | { type: "account"; uri: string; created: boolean }
  | { type: "contact-changed"; contact: readonly string[] };

export interface Applicant {
  directoryUrl: string;
  key: KeyObject;
  /** Whether the key is new, so that no CA can know it. */
  newKey: boolean;
  /** Email addresses; may be empty. */
  contact: readonly string[];
  /** The binding, for a CA that requires one or, with `always`, for any CA. */
  binding: (Credentials & { always: boolean }) | undefined;
  emit: (event: AccountEvent) => void;
}

/**
 * Finds the account of a key at the CA, or creates it: newAccount with a known key returns the
 * existing account (RFC 8555 section 7.3). Agrees to the terms of service, as simp_le does.
 */
export async function register(transport: Transport, applicant: Applicant): Promise<Registration> {
  const { key, contact, emit } = applicant;
  const directory = await transport.directory();
  if (requiresBinding(directory)) {
    const known = await findIfAny(transport, applicant);
    if (known !== undefined) return known;
  }
  const credentials = credentialsFor(directory, applicant);
  const terms = metaOf(directory, "termsOfService");
  if (isWebAddress(terms)) emit({ type: "terms-agreed", url: terms });
  const sent = contact.length > 0 ? { contact: contactUrls(contact) } : {};
  const payload = { termsOfServiceAgreed: true, ...sent };
  const { registration, created } = await (credentials === undefined
    ? newAccount(transport, key, payload)
    : newBoundAccount(transport, { ...applicant, payload, credentials }));
  const { uri, body } = registration;
  emit({ type: "account", uri, created });
  return created ? { uri, body: { ...body, ...sent } } : registration;
}

function credentialsFor(
  directory: Record<string, unknown>,
  { directoryUrl, binding }: Applicant,
): Credentials | undefined {
  const required = requiresBinding(directory);
  if (required && binding === undefined) throw bindingMissing(directoryUrl);
  return required || binding?.always ? binding : undefined;
}

/** Finds the account of a key, but does not create one (RFC 8555 section 7.3.1). */
export async function find(
  transport: Transport,
  { key, emit }: Pick<Applicant, "key" | "emit">,
): Promise<Registration> {
  const { registration } = await newAccount(transport, key, {
    onlyReturnExisting: true,
  });
  emit({ type: "account", uri: registration.uri, created: false });
  return registration;
}

/**
 * The account of a key, if the CA knows it. Look before using credentials: they may be good for
 * only one account, or used up.
 */
async function findIfAny(
  transport: Transport,
  applicant: Pick<Applicant, "key" | "newKey" | "emit">,
): Promise<Registration | undefined> {
  if (applicant.newKey) return undefined;
  try {
    return await find(transport, applicant);
  } catch (error) {
    if (error instanceof ProblemError && UNKNOWN_KEY.includes(error.problem.type)) return undefined;
    throw error;
  }
}

/** Whether a key has an account at the CA, even a deactivated one. */
export async function isKnown(transport: Transport, key: KeyObject): Promise<boolean> {
  const quietly = { key, newKey: false, emit: () => undefined };
  try {
    return (await findIfAny(transport, quietly)) !== undefined;
  } catch (error) {
    if (error instanceof ProblemError && error.problem.type === "unauthorized") return true;
    throw error;
  }
}

/** Deactivates the account that signs (RFC 8555 section 7.3.6). */
export async function deactivate(transport: Transport, url: string): Promise<void> {
  const doing = "deactivate the account";
  await transport.post({ url, payload: { status: "deactivated" }, doing });
}

/** The answers of CAs that require a binding, if they do not know the key. */
const UNKNOWN_KEY = ["accountDoesNotExist", "externalAccountRequired", "malformed"];

const DEACTIVATED =
  "If the account of this key is deactivated, put the key aside with account deactivate --yes: the next run makes another account.";

interface Answer {
  registration: Registration;
  created: boolean;
}

async function newAccount(
  transport: Transport,
  key: KeyObject,
  payload: { onlyReturnExisting?: true; [member: string]: unknown },
): Promise<Answer> {
  const reply = await transport.post({
    url: addressIn(await transport.directory(), "newAccount", "directory"),
    payload,
    doing: payload.onlyReturnExisting ? "find the account" : "register the account",
    // Without a binding, `unauthorized` is about the key (RFC 8555 section 7.3.6).
    ...("externalAccountBinding" in payload ? {} : { hints: { unauthorized: DEACTIVATED } }),
    byKey: true,
  });
  const uri = addressOf(reply.location ?? misbehaved("sent an account without its URL"));
  return {
    registration: { uri, body: { key: publicJwk(key), ...reply.body } },
    created: reply.status === 201,
  };
}

/** Tries the usual MAC algorithm, then others that the CA asks for. */
async function newBoundAccount(
  transport: Transport,
  { directoryUrl, key, payload, credentials }: BoundApplicant,
): Promise<Answer> {
  const url = addressIn(await transport.directory(), "newAccount", "directory");
  const tried = [USUAL_ALGORITHM];
  for (let alg = USUAL_ALGORITHM; ; tried.push(alg)) {
    const externalAccountBinding = bind(credentials, { url, key, alg });
    try {
      return await newAccount(transport, key, {
        ...payload,
        externalAccountBinding,
      });
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      const { type, algorithms = [] } = error.problem;
      const next = type === "badSignatureAlgorithm" ? otherAlgorithm(algorithms, tried) : undefined;
      if (next === undefined) throw unbound(error, directoryUrl);
      alg = next;
    }
  }
}

interface BoundApplicant extends Pick<Applicant, "directoryUrl" | "key"> {
  payload: Record<string, unknown>;
  credentials: Credentials;
}

/**
 * The error about a binding. The CA may mean another part of the request, so its words stay in the
 * message.
 */
function unbound(error: ProblemError, directoryUrl: string): AppError {
  if (!BINDING_PROBLEMS.includes(error.problem.type)) return error;
  return new AppError("account-refused", error.message, {
    hint: bindingHint(directoryUrl),
    scope: "account",
    cause: error,
  });
}

const BINDING_PROBLEMS = [
  "unauthorized",
  "malformed",
  "externalAccountRequired",
  "badSignatureAlgorithm",
];

/**
 * Whether a recorded registration can belong to this CA and key. Accounts are on the host of
 * `newAccount`. A key in the body must be this one.
 */
export function belongs(
  registration: Registration,
  directory: Record<string, unknown>,
  key: KeyObject,
): boolean {
  const home = URL.parse(addressIn(directory, "newAccount", "directory"));
  const account = URL.parse(registration.uri);
  if (account === null || account.origin !== home?.origin) return false;
  const kept = registration.body["key"];
  if (typeof kept !== "object" || kept === null) return true;
  const own = publicJwk(key);
  return Object.entries(kept).every(([member, value]) => !(member in own) || own[member] === value);
}

interface AccountRequest<T> {
  ask: (account: Registration) => Promise<T>;
  /** Called if the account is unknown, or the CA no longer knows it. */
  find: () => Promise<Registration>;
  /** Called with an account that was found. */
  keep?: (found: Registration) => Promise<void>;
}

/**
 * Sends a request as an account. Uses a recorded registration without checking it first. If there
 * is none, or the CA does not know it, finds or creates the account.
 */
export async function asAccount<T>(
  transport: Transport,
  kept: Registration | undefined,
  { ask, find, keep }: AccountRequest<T>,
): Promise<T> {
  let refused: ProblemError | undefined;
  if (kept !== undefined) {
    transport.signAs(kept.uri);
    try {
      return await ask(kept);
    } catch (error) {
      if (!isAccountUnknown(error)) throw error;
      refused = error;
    }
  }
  const found = await find();
  // The account still exists, so the CA refused the request itself.
  if (refused !== undefined && found.uri === kept?.uri) throw refused;
  await keep?.(found);
  transport.signAs(found.uri);
  return ask(found);
}

/** Whether the error can mean that the CA does not know the account that signed. */
function isAccountUnknown(error: unknown): error is ProblemError {
  return (
    error instanceof ProblemError &&
    ["accountDoesNotExist", "unauthorized", "malformed"].includes(error.problem.type)
  );
}
