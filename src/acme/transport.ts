import type { KeyObject } from "node:crypto";
import { Client } from "acme-client";
import { isRecord } from "../json.ts";
import { shown } from "../shown.ts";
import { accepted, type Ca, type CaOptions, nonceOf, openCa } from "./ca.ts";
import type { HttpAnswer } from "./http.ts";
import { alternatesIn } from "./links.ts";
import { parseJson, ProblemError, retryAfter } from "./problem.ts";

export interface TransportOptions extends CaOptions {
  accountKey: KeyObject;
  /** The CA that other accounts use too; undefined to open one for this account only. */
  ca?: Ca | undefined;
}

export interface Reply {
  status: number;
  /** The JSON object in the answer; empty if it is not JSON. */
  body: Record<string, unknown>;
  text: string;
  location: string | undefined;
  /** The URLs of alternate chains, from Link headers. */
  alternates: string[];
  retryAfter: Date | undefined;
}

interface Post {
  url: string;
  /** Undefined for a POST-as-GET (RFC 8555 section 6.3). */
  payload?: object;
  /** Completes "The CA refused to ...". */
  doing: string;
  /** Do not send it again after a failure: the caller first looks at the CA's state. */
  once?: boolean;
  /** Hints by problem type that replace the usual ones. */
  hints?: Record<string, string>;
  /** Sign with the key itself instead of the account's URL (RFC 8555 section 6.2). */
  byKey?: boolean;
}

export interface Transport extends Pick<Ca, "directory" | "patiently" | "roundTrip"> {
  post(request: Post): Promise<Reply>;
  /** An unsigned request, sent once; any status is an answer. */
  get(url: string): Promise<HttpAnswer>;
  /** See `Nonces`. */
  expect(requests: number): void;
  /** Signs as this account from now on. */
  signAs(accountUrl: string): void;
}

/** The parts of acme-client that its types do not declare. */
declare module "acme-client" {
  interface Client {
    http: {
      maxBadNonceRetries: number;
      request(url: string, method: string, options?: { data?: unknown }): Promise<HttpAnswer>;
      getNonce(): Promise<string>;
      createSignedBody(url: string, payload: object): object;
    };
    api: {
      accountUrl: string | null;
      apiRequest(
        url: string,
        payload: object | null,
        validStatusCodes: number[],
        options: { includeJwsKid: boolean },
      ): Promise<HttpAnswer>;
    };
  }
}

const MOST_BAD_NONCES = 40;

/**
 * Signed requests to one CA with one account key. We use acme-client only for signatures, and
 * replace its requests, nonces and retries: it sends a HEAD before every POST, repeats signed
 * requests unchanged, sleeps for any Retry-After, and has no timeouts or cancellation.
 */
export function openTransport(options: TransportOptions): Transport {
  const ca = options.ca ?? openCa(options);
  const { http, nonces } = ca;
  const client = new Client({
    directoryUrl: options.directoryUrl,
    accountKey: options.accountKey.export({ type: "pkcs8", format: "pem" }),
  });
  client.http.maxBadNonceRetries = 0;
  client.http.getNonce = () => nonces.take();
  client.http.request = async (url, _method, { data } = {}) => {
    let nonce: string | undefined;
    try {
      const answer = await http("POST", url, JSON.stringify(data));
      if (answer.status === 429 || answer.status === 503) nonces.narrow();
      nonce = nonceOf(answer);
      return answer;
    } catch (error) {
      nonces.narrow();
      throw error;
    } finally {
      if (nonce === undefined) nonces.lose();
      else nonces.give(nonce);
    }
  };

  async function send({ url, payload, doing, hints, byKey = false }: Post): Promise<Reply> {
    for (let badNonces = 0; ; badNonces += 1) {
      const answer = await client.api.apiRequest(url, payload ?? null, [], {
        includeJwsKid: !byKey,
      });
      try {
        const now = options.now();
        return replyOf(accepted(answer, { doing, now, ...(hints && { hints }) }), url, now);
      } catch (error) {
        // This answer's nonce is now the next to be used (RFC 8555 section 6.5).
        const bad = error instanceof ProblemError && error.problem.type === "badNonce";
        if (!bad || badNonces >= MOST_BAD_NONCES) throw error;
      }
    }
  }

  return {
    ...ca,
    get: (url) => http("GET", url),
    post: (request) => (request.once === true ? send(request) : ca.patiently(() => send(request))),
    expect(requests) {
      nonces.expect(requests);
    },
    signAs(accountUrl) {
      client.api.accountUrl = accountUrl;
    },
  };
}

function replyOf(answer: HttpAnswer, url: string, now: Date): Reply {
  const body = parseJson(answer.text);
  const location = answer.headers["location"];
  return {
    status: answer.status,
    body: isRecord(body) ? body : {},
    text: answer.text,
    location: typeof location === "string" ? shown(location) : undefined,
    alternates: alternatesIn(answer.headers["link"], url),
    retryAfter: retryAfter(answer, now),
  };
}
