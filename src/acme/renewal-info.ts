import { AsnConvert } from "@peculiar/asn1-schema";
import {
  AuthorityKeyIdentifier,
  Certificate,
  id_ce_authorityKeyIdentifier,
} from "@peculiar/asn1-x509";
import { after, type Clock, DAY, HOUR, MINUTE } from "../time.ts";
import { isRecord } from "../json.ts";
import type { Ca } from "./ca.ts";
import type { HttpAnswer } from "./http.ts";
import { parseJson, retryAfter } from "./problem.ts";
import { isWebAddress } from "./protocol.ts";

/** What a CA says about the renewal of a certificate (RFC 9773 section 4.2). */
export interface RenewalInfo {
  window: { start: Date; end: Date; explanation?: string } | undefined;
  /** Whether the CA answered. If so and there is no window, it does not know the certificate. */
  answered: boolean;
  /** The earliest time to ask again. */
  lookAgain: Date;
}

/** The limits for Retry-After (RFC 9773 section 4.3.2). */
const SOONEST = MINUTE;
const LATEST = DAY;
/** When to ask again if the answer has no Retry-After. */
const USUAL = 6 * HOUR;
/**
 * With these statuses the CA itself answers, also about unknown certificates. Others may come from
 * a proxy or a fault.
 */
const ANSWERS = [200, 400, 404, 410];

interface Question {
  /** The CA's directory, to look up `renewalInfo`. */
  directory: Record<string, unknown>;
  /** DER. */
  certificate: Buffer;
  get: (url: string) => Promise<HttpAnswer>;
  now: Date;
}

/**
 * Asks a CA when a certificate should be renewed. There is no window if the CA does not know the
 * certificate, or if its answer makes no sense.
 */
export async function askRenewalInfo({
  directory,
  certificate,
  get,
  now,
}: Question): Promise<RenewalInfo> {
  const url = directory["renewalInfo"];
  const id = certificateId(certificate);
  if (typeof url !== "string" || id === undefined)
    return {
      window: undefined,
      answered: true,
      lookAgain: after(now, LATEST),
    };
  const answer = await get(`${url.replace(/\/$/, "")}/${id}`);
  const asked = retryAfter(answer, now) ?? after(now, USUAL);
  const pause = asked.getTime() - now.getTime();
  return {
    window: answer.status === 200 ? windowIn(answer) : undefined,
    answered: ANSWERS.includes(answer.status),
    lookAgain: after(now, Math.min(Math.max(pause, SOONEST), LATEST)),
  };
}

/** Asks when a certificate (DER) should be renewed. Rejects only after an interruption. */
export type AskRenewalInfo = (certificate: Buffer) => Promise<RenewalInfo>;

/** The same for many certificates of one CA, with one directory. */
export function openRenewalInfo(
  ca: Ca,
  { now, signal }: { now: Clock; signal: AbortSignal },
): AskRenewalInfo {
  const get = (url: string) => ca.http("GET", url);
  return async (certificate) => {
    const ask = () =>
      orUnanswered(now, signal, async () =>
        askRenewalInfo({ directory: await ca.directoryAtOnce(), certificate, get, now: now() }),
      );
    const used = ca.known();
    const info = await ask();
    // The CA may have moved since the directory was remembered.
    const isSure = info.window !== undefined || used === undefined || (await ca.isCurrent(used));
    return isSure ? info : ask();
  };
}

/** If asking fails, the result is "unanswered". Rejects only after an interruption. */
export async function orUnanswered(
  now: Clock,
  signal: AbortSignal,
  ask: () => Promise<RenewalInfo>,
): Promise<RenewalInfo> {
  try {
    return await ask();
  } catch {
    signal.throwIfAborted();
    return unanswered(now());
  }
}

function unanswered(now: Date): RenewalInfo {
  return { window: undefined, answered: false, lookAgain: after(now, USUAL) };
}

/**
 * The identifier of a certificate (RFC 9773 section 4.1), from its DER, as the serial number must
 * keep a leading zero. Undefined if the certificate has no authority key identifier.
 */
export function certificateId(der: Buffer): string | undefined {
  const { tbsCertificate } = AsnConvert.parse(der, Certificate);
  const extension = tbsCertificate.extensions?.find(
    ({ extnID }) => extnID === id_ce_authorityKeyIdentifier,
  );
  const issuer = extension && AsnConvert.parse(extension.extnValue, AuthorityKeyIdentifier);
  if (issuer?.keyIdentifier === undefined) return undefined;
  return [issuer.keyIdentifier.buffer, tbsCertificate.serialNumber]
    .map((bytes) => Buffer.from(bytes).toString("base64url"))
    .join(".");
}

function windowIn(answer: HttpAnswer): RenewalInfo["window"] {
  const body = parseJson(answer.text);
  if (!isRecord(body) || !isRecord(body["suggestedWindow"])) return undefined;
  const start = dateOf(body["suggestedWindow"]["start"]);
  const end = dateOf(body["suggestedWindow"]["end"]);
  // A window must end after its start (RFC 9773 section 4.2).
  if (start === undefined || end === undefined || end <= start) return undefined;
  const explanation = body["explanationURL"];
  return {
    start,
    end,
    ...(isWebAddress(explanation) ? { explanation } : {}),
  };
}

/** Accepts only RFC 3339: Date accepts many other formats. */
function dateOf(value: unknown): Date | undefined {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\dT/.test(value)) return undefined;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
