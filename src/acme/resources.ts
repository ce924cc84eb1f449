import { isRecord } from "../json.ts";
import { type Problem, readProblem } from "./problem.ts";
import { addressIn, addressOf, misbehaved, stringOf } from "./protocol.ts";
import type { Reply } from "./transport.ts";

/** RFC 8555 section 7.1.3. */
export interface Order {
  url: string;
  status: "pending" | "ready" | "processing" | "valid" | "invalid";
  authorizations: string[];
  finalize: string;
  /** Present when the order is valid. */
  certificate: string | undefined;
  error: Problem | undefined;
}

/** RFC 8555 section 8. */
export interface Challenge {
  type: string;
  url: string;
  token: string;
  status: string;
}

/** One step of a validation. Boulder reports it in addition to the error; other CAs may not. */
export interface ValidationRecord {
  url: string | undefined;
  addressUsed: string | undefined;
}

/** RFC 8555 section 7.1.4. */
export interface Authorization {
  url: string;
  status: string;
  /** The ordered name, with `*.` for a wildcard. */
  name: string;
  /** The challenges with a token; we cannot answer others. */
  challenges: Challenge[];
  /** The error of a failed challenge. */
  error: Problem | undefined;
  /** The steps of the CA's validation, if it reports them; the last step comes last. */
  records: ValidationRecord[];
}

/** The limits are higher than any CA's redirects, URLs and addresses. */
const MOST_RECORDS = 20;
const LONGEST_TEXT = 2_000;

const ORDER_STATES = ["pending", "ready", "processing", "valid", "invalid"] as const;

export function readOrder(reply: Reply, url: string): Order {
  const { body } = reply;
  const status = ORDER_STATES.find((state) => state === body["status"]);
  const authorizations = body["authorizations"];
  if (!Array.isArray(authorizations) || !authorizations.every((item) => typeof item === "string"))
    misbehaved('sent an order without "authorizations"');
  const certificate = body["certificate"];
  return {
    url,
    status: status ?? misbehaved(`sent an order with the status ${JSON.stringify(body["status"])}`),
    authorizations: authorizations.map(addressOf),
    finalize: addressIn(body, "finalize", "order"),
    certificate: typeof certificate === "string" ? addressOf(certificate) : undefined,
    error: isRecord(body["error"]) ? readProblem(body["error"]) : undefined,
  };
}

export function readAuthorization(reply: Reply, url: string): Authorization {
  const { body } = reply;
  const identifier = isRecord(body["identifier"]) ? body["identifier"] : {};
  const challenges = Array.isArray(body["challenges"]) ? body["challenges"].filter(isRecord) : [];
  const failed = challenges.find((challenge) => isRecord(challenge["error"]));
  const star = body["wildcard"] === true ? "*." : "";
  return {
    url,
    status: stringOf(body, "status", "authorization"),
    name: star + stringOf(identifier, "value", "authorization").toLowerCase(),
    challenges: challenges
      .filter(({ token }) => typeof token === "string")
      .map((challenge) => ({
        type: stringOf(challenge, "type", "challenge"),
        url: addressIn(challenge, "url", "challenge"),
        token: stringOf(challenge, "token", "challenge"),
        status: stringOf(challenge, "status", "challenge"),
      })),
    error: failed && readProblem(failed["error"]),
    records: readRecords(failed?.["validationRecord"]),
  };
}

function readRecords(value: unknown): ValidationRecord[] {
  const records = Array.isArray(value) ? value.slice(-MOST_RECORDS) : [];
  return records.filter(isRecord).map(({ url, addressUsed }) => ({
    url: shortText(url),
    addressUsed: shortText(addressUsed),
  }));
}

function shortText(value: unknown): string | undefined {
  return typeof value === "string" && value.length <= LONGEST_TEXT ? value : undefined;
}
