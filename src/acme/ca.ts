import { AppError } from "../errors.ts";
import { isRecord } from "../json.ts";
import { type Clock, SECOND, sleep } from "../time.ts";
import { type Http, type HttpAnswer, type HttpEvent, type HttpOptions, openHttp } from "./http.ts";
import { type Nonces, openNonces, paced } from "./nonces.ts";
import { parseJson, ProblemError } from "./problem.ts";
import { addressIn, misbehaved } from "./protocol.ts";

export interface CaOptions extends Omit<HttpOptions, "emit"> {
  directoryUrl: string;
  /**
   * How many signed requests may be under way at once, even if the CA is near; default: one. Each
   * needs its own nonce.
   */
  lanes?: number;
  now: Clock;
  emit: (event: CaEvent) => void;
}

export type CaEvent = HttpEvent | { type: "retry"; error: AppError; pause: number };

/** What all accounts at one CA share: its connections, its directory and its nonces. */
export interface Ca {
  http: Http;
  /** The directory (RFC 8555 section 7.1.1). It is fetched only once. */
  directory(): Promise<Record<string, unknown>>;
  /** The same, without another try after a failure. */
  directoryAtOnce(): Promise<Record<string, unknown>>;
  nonces: Nonces;
  /** Tries again a few times after temporary failures, unless the CA asks for a long pause. */
  patiently<T>(attempt: () => Promise<T>): Promise<T>;
  /** The round trip to the CA in milliseconds: the time of the shortest request so far. */
  roundTrip(): number;
}

/**
 * The limit for a CA that is far away. It is a fraction of the requests per second that Let's
 * Encrypt allows from one address.
 */
const MOST_LANES = 16;
/**
 * In milliseconds. From this distance on, more requests at once gain more than their nonces cost.
 */
const FAR = 20;
const MOST_FAILURES = 2;
/** If the CA asks for a longer pause, give up. */
const PATIENCE = 10 * SECOND;

/** Opens a CA. The first request makes the first connection. */
export function openCa(options: CaOptions): Ca {
  const { directoryUrl, lanes = 1, now, signal, emit } = options;
  /** The shortest request so far, in milliseconds: an estimate of the round trip. */
  let roundTrip = Infinity;
  const http = openHttp({
    ...options,
    emit(event) {
      if (event.status > 0) roundTrip = Math.min(roundTrip, event.took);
      emit(event);
    },
  });
  let known: Promise<Record<string, unknown>> | undefined;

  const nonces = openNonces({
    ...{ lanes, most: Math.max(lanes, MOST_LANES), isFar: () => roundTrip > FAR },
    fetch: paced(signal, async (isPatient: boolean) => {
      const url = addressIn(await directory(), "newNonce", "directory");
      const ask = async () =>
        accepted(await http("HEAD", url), { doing: "give a nonce", now: now() });
      const answer = await (isPatient ? patiently(ask) : ask());
      return nonceOf(answer) ?? misbehaved("sent no nonce");
    }),
  });

  async function fetchDirectory(): Promise<Record<string, unknown>> {
    const answer = accepted(await http("GET", directoryUrl), {
      ...{ doing: "show its directory", now: now() },
    });
    const body = parseJson(answer.text);
    if (!isRecord(body) || typeof body["newOrder"] !== "string")
      throw new AppError(
        "ca-misbehaved",
        `${directoryUrl} is not the directory of an ACME server.`,
        {
          hint: "Check the address given with --server.",
          scope: "authority",
        },
      );
    return body;
  }

  function directory() {
    known ??= patiently(fetchDirectory).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  }

  async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await attempt();
      } catch (error) {
        const pause = pauseAfter(error, failures, now());
        if (!(error instanceof AppError) || pause === undefined) throw error;
        emit({ type: "retry", error, pause });
        await sleep(pause, signal);
      }
    }
  }

  return {
    ...{ http, directory, nonces, patiently },
    async directoryAtOnce() {
      if (known !== undefined) return known;
      const found = await fetchDirectory();
      known ??= Promise.resolve(found);
      return found;
    },
    roundTrip: () => roundTrip,
  };
}

/** Returns a successful answer. Throws a ProblemError for a refusal, and an AppError for a redirection. */
export function accepted(
  answer: HttpAnswer,
  circumstances: ConstructorParameters<typeof ProblemError>[1],
): HttpAnswer {
  if (answer.status >= 400) throw new ProblemError(answer, circumstances);
  if (answer.status >= 300)
    misbehaved(`answered with a redirection (HTTP status ${answer.status})`);
  return answer;
}

/** The nonce in an answer (RFC 8555 section 6.5.1). */
export function nonceOf(answer: HttpAnswer): string | undefined {
  const nonce = answer.headers["replay-nonce"];
  return typeof nonce === "string" && /^[A-Za-z0-9_-]+$/.test(nonce) ? nonce : undefined;
}

/** The milliseconds until another try; undefined if there should be none. */
function pauseAfter(error: unknown, failures: number, now: Date): number | undefined {
  if (!(error instanceof AppError) || failures >= MOST_FAILURES) return undefined;
  if (error.retryAfter !== undefined) {
    const asked = error.retryAfter.getTime() - now.getTime();
    return asked <= PATIENCE ? Math.max(asked, SECOND) : undefined;
  }
  const passing = error.code === "ca-unreachable" || error.code === "ca-busy";
  return passing ? (SECOND / 2) * 4 ** failures : undefined;
}
