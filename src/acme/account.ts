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
  /** The key was made just now, so no CA can know it. */
  newKey: boolean;
  /** Mail addresses; none is allowed. */
  contact: readonly string[];
  /** Sent to a CA that requires it or, with `always`, to any. */
  binding: (Credentials & { always: boolean }) | undefined;
  emit: (event: AccountEvent) => void;
}

/**
 * Finds the account of a key at the CA, or creates it (RFC 8555 section 7.3:
 * newAccount with a known key returns the existing account). Agrees to the terms
 * of service, as simp_le does.
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

/** Finds the account of a key (section 7.3.1), and does not create one. */
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

/** The account of a key that the CA may know: credentials can be good for one account only, or used up. */
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

/** Whether a key has an account at the CA, be it deactivated. */
export async function isKnown(transport: Transport, key: KeyObject): Promise<boolean> {
  const quietly = { key, newKey: false, emit: () => undefined };
  try {
    return (await findIfAny(transport, quietly)) !== undefined;
  } catch (error) {
    if (error instanceof ProblemError && error.problem.type === "unauthorized") return true;
    throw error;
  }
}

/** Ends the account that signs (section 7.3.6). */
export async function deactivate(transport: Transport, url: string): Promise<void> {
  const doing = "deactivate the account";
  await transport.post({ url, payload: { status: "deactivated" }, doing });
}

/** How CAs that require a binding answer to a key that they do not know. */
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
    // Without a binding to refuse, it is the key that is refused (section 7.3.6).
    ...("externalAccountBinding" in payload ? {} : { hints: { unauthorized: DEACTIVATED } }),
    byKey: true,
  });
  const uri = addressOf(reply.location ?? misbehaved("sent an account without its URL"));
  return {
    registration: { uri, body: { key: publicJwk(key), ...reply.body } },
    created: reply.status === 201,
  };
}

/** The usual MAC algorithm first, then what a CA that does not take it asks for. */
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

/** What refuses a binding may as well refuse something else of the request: the CA's words stay. */
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
 * Whether a kept registration can belong to this CA and this key: accounts live
 * on the host of `newAccount`, and the key in the body, if any, is this one.
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
  /** Where the account is not known, or not any more. */
  find: () => Promise<Registration>;
  /** For an account that was found. */
  keep?: (found: Registration) => Promise<void>;
}

/**
 * Asks in the name of an account. A registration that is kept is used without asking
 * for it; when there is none, or the CA does not know it, another one is found.
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
  // The account is the same and known, so the refusal was meant for what was asked.
  if (refused !== undefined && found.uri === kept?.uri) throw refused;
  await keep?.(found);
  transport.signAs(found.uri);
  return ask(found);
}

/** Whether the CA's answer can mean that it does not know the account that signed. */
function isAccountUnknown(error: unknown): error is ProblemError {
  return (
    error instanceof ProblemError &&
    ["accountDoesNotExist", "unauthorized", "malformed"].includes(error.problem.type)
  );
}
