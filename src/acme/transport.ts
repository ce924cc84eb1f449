import type { KeyObject } from "node:crypto";
import { Client } from "acme-client";
import { AppError } from "../errors.ts";
import { SECOND, sleep, type Clock } from "../time.ts";
import { isRecord } from "../json.ts";
import { shown } from "../shown.ts";
import { type HttpAnswer, type HttpEvent, type HttpOptions, openHttp } from "./http.ts";
import { alternatesIn } from "./links.ts";
import { openNonces, paced } from "./nonces.ts";
import { parseJson, ProblemError, retryAfter } from "./problem.ts";
import { addressIn, misbehaved } from "./protocol.ts";

export interface TransportOptions extends Omit<HttpOptions, "emit"> {
  directoryUrl: string;
  accountKey: KeyObject;
  /** How many signed requests may be under way at once, however near the CA is; default: one. Each takes a nonce to begin with. */
  lanes?: number;
  now: Clock;
  emit: (event: TransportEvent) => void;
}

export type TransportEvent = HttpEvent | { type: "retry"; error: AppError; pause: number };

export interface Reply {
  status: number;
  /** The JSON object of the answer; empty when it was not JSON. */
  body: Record<string, unknown>;
  text: string;
  location: string | undefined;
  /** The URLs of what its Link headers call alternate. */
  alternates: string[];
  retryAfter: Date | undefined;
}

interface Post {
  url: string;
  /** Left out for a POST-as-GET (RFC 8555 section 6.3). */
  payload?: object;
  /** Completes "The CA refused to ...". */
  doing: string;
  /** Do not send it again when it fails: the caller looks at the CA's state first. */
  once?: boolean;
  /** What to do when the CA refuses, by problem type, where that is not the usual. */
  hints?: Record<string, string>;
  /** Sign with the key itself instead of the account's URL (RFC 8555 section 6.2). */
  byKey?: boolean;
}

export interface Transport {
  /** The directory (RFC 8555 section 7.1.1), fetched once. */
  directory(): Promise<Record<string, unknown>>;
  post(request: Post): Promise<Reply>;
  /** An unsigned question, asked once; every status is an answer. */
  get(url: string): Promise<HttpAnswer>;
  /** Tries again, a few times, after failures that pass, as long as the CA does not ask for long. */
  patiently<T>(attempt: () => Promise<T>): Promise<T>;
  /** Signs from now on as this account. */
  signAs(accountUrl: string): void;
  /** Milliseconds to the CA and back, as far as its answers tell: at most as long as the shortest request took. */
  roundTrip(): number;
}

/** The parts of acme-client that its type definitions leave out. */
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

/** At a CA that is far away: a fraction of the requests a second that Let's Encrypt takes from one address. */
const MOST_LANES = 16;
/** Milliseconds: where requests side by side gain more than the nonces for them cost. */
const FAR = 20;
const MOST_BAD_NONCES = 40;
const MOST_FAILURES = 2;
/** A CA that asks for more than this is not waited for. */
const PATIENCE = 10 * SECOND;

/**
 * Signed requests to one CA in the name of one account key. acme-client signs;
 * its own requests, nonces and retries are replaced here, since it sends a HEAD
 * before every POST, repeats signed requests as they are, sleeps through any
 * Retry-After, and has neither timeouts nor cancellation.
 */
export function openTransport(options: TransportOptions): Transport {
  /** The shortest request so far, in milliseconds: what the way to the CA and back takes. */
  let roundTrip = Infinity;
  const http = openHttp({
    ...options,
    emit(event) {
      if (event.status > 0) roundTrip = Math.min(roundTrip, event.took);
      options.emit(event);
    },
  });
  const client = new Client({
    directoryUrl: options.directoryUrl,
    accountKey: options.accountKey.export({ type: "pkcs8", format: "pem" }),
  });
  let directory: Promise<Record<string, unknown>> | undefined;

  const lanes = options.lanes ?? 1;
  const nonces = openNonces({
    ...{ lanes, most: Math.max(lanes, MOST_LANES), isFar: () => roundTrip > FAR },
    fetch: paced(options.signal, async () => {
      const url = addressIn(await readDirectory(), "newNonce", "directory");
      const answer = await patiently(async () => accepted(await http("HEAD", url), "give a nonce"));
      return nonceOf(answer) ?? misbehaved("sent no nonce");
    }),
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

  function accepted(answer: HttpAnswer, doing: string, hints?: Record<string, string>): HttpAnswer {
    if (answer.status >= 400)
      throw new ProblemError(answer, {
        ...{ doing, now: options.now() },
        ...(hints && { hints }),
      });
    if (answer.status >= 300)
      misbehaved(`answered with a redirection (HTTP status ${answer.status})`);
    return answer;
  }

  async function fetchDirectory(): Promise<Record<string, unknown>> {
    const url = options.directoryUrl;
    const answer = await patiently(async () =>
      accepted(await http("GET", url), "show its directory"),
    );
    const body = parseJson(answer.text);
    if (!isRecord(body) || typeof body["newOrder"] !== "string")
      throw new AppError("ca-misbehaved", `${url} is not the directory of an ACME server.`, {
        hint: "Check the address given with --server.",
        scope: "authority",
      });
    return body;
  }

  function readDirectory() {
    directory ??= fetchDirectory().catch((error: unknown) => {
      directory = undefined;
      throw error;
    });
    return directory;
  }

  async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await attempt();
      } catch (error) {
        const pause = pauseAfter(error, failures, options.now());
        if (!(error instanceof AppError) || pause === undefined) throw error;
        options.emit({ type: "retry", error, pause });
        await sleep(pause, options.signal);
      }
    }
  }

  async function send({ url, payload, doing, hints, byKey = false }: Post): Promise<Reply> {
    for (let badNonces = 0; ; badNonces += 1) {
      const answer = await client.api.apiRequest(url, payload ?? null, [], {
        includeJwsKid: !byKey,
      });
      try {
        return replyOf(accepted(answer, doing, hints), url, options.now());
      } catch (error) {
        // The nonce of this very answer is now on top of the pool (RFC 8555 section 6.5).
        const bad = error instanceof ProblemError && error.problem.type === "badNonce";
        if (!bad || badNonces >= MOST_BAD_NONCES) throw error;
      }
    }
  }

  return {
    directory: readDirectory,
    get: (url) => http("GET", url),
    post: (request) => (request.once === true ? send(request) : patiently(() => send(request))),
    patiently,
    signAs(accountUrl) {
      client.api.accountUrl = accountUrl;
    },
    roundTrip: () => roundTrip,
  };
}

function nonceOf(answer: HttpAnswer): string | undefined {
  const nonce = answer.headers["replay-nonce"];
  return typeof nonce === "string" && /^[A-Za-z0-9_-]+$/.test(nonce) ? nonce : undefined;
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

/** Milliseconds to wait before another try, or undefined when there is to be none. */
function pauseAfter(error: unknown, failures: number, now: Date): number | undefined {
  if (!(error instanceof AppError) || failures >= MOST_FAILURES) return undefined;
  if (error.retryAfter !== undefined) {
    const asked = error.retryAfter.getTime() - now.getTime();
    return asked <= PATIENCE ? Math.max(asked, SECOND) : undefined;
  }
  const passing = error.code === "ca-unreachable" || error.code === "ca-busy";
  return passing ? (SECOND / 2) * 4 ** failures : undefined;
}
