import { isDeepStrictEqual } from "node:util";
import { AppError } from "../errors.ts";
import { isRecord } from "../json.ts";
import { after, type Clock, DAY, SECOND, sleep } from "../time.ts";
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
  /** The directory that an earlier run has fetched. */
  remembered?: KnownDirectory | undefined;
  now: Clock;
  emit: (event: CaEvent) => void;
}

/** A directory (RFC 8555 section 7.1.1), and when it was fetched. */
export interface KnownDirectory {
  resources: Record<string, unknown>;
  at: Date;
}

export type CaEvent = HttpEvent | { type: "retry"; error: AppError; pause: number };

/** What all accounts at one CA share: its connections, its directory and its nonces. */
export interface Ca {
  http: Http;
  /** The directory (RFC 8555 section 7.1.1): the remembered one, or else it is fetched, once. */
  directory(): Promise<Record<string, unknown>>;
  /** The same, but it is asked for only once, even if that fails. */
  directoryAtOnce(): Promise<Record<string, unknown>>;
  /** The directory in use; undefined if none was remembered or fetched yet. */
  known(): KnownDirectory | undefined;
  /**
   * Whether a directory that `known` returned is still the CA's. One that was remembered is fetched
   * again for this, once. If that fails, it counts as current.
   */
  isCurrent(directory: KnownDirectory): Promise<boolean>;
  nonces: Nonces;
  /**
   * Makes the connection and asks for what the first signed request needs, in the background. An
   * error counts only when the answer is needed.
   */
  greet(): void;
  /**
   * Tries again a few times after temporary failures, unless the CA asks for a long pause. A failure
   * that stayed after that is not tried again by another call around this one.
   */
  patiently<T>(attempt: () => Promise<T>): Promise<T>;
  /** The round trip to the CA in milliseconds: the shortest wait for it so far. */
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
/** A directory that was fetched before that is fetched again, while a run uses it. */
const FRESH = 7 * DAY;
/** If the CA asks for a longer pause, give up. */
const PATIENCE = 10 * SECOND;

/** Opens a CA. The first request makes the first connection. */
export function openCa(options: CaOptions): Ca {
  const { directoryUrl, lanes = 1, now, signal, emit } = options;
  /** The shortest wait so far, in milliseconds: an estimate of the round trip. */
  let roundTrip = Infinity;
  const http = openHttp({
    ...options,
    emit(event) {
      if (event.status > 0) roundTrip = Math.min(roundTrip, event.shortestWait);
      emit(event);
    },
  });
  let known = options.remembered;
  let fetching: Promise<Record<string, unknown>> | undefined;
  let atOnce: Promise<Record<string, unknown>> | undefined;
  let checking: Promise<unknown> | undefined;

  const nonces = openNonces({
    ...{
      lanes,
      most: Math.max(lanes, MOST_LANES),
      isFar: () => roundTrip > FAR && roundTrip < Infinity,
    },
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
    // What is equal stays the same object, so that `isCurrent` can tell.
    const resources = isDeepStrictEqual(body, known?.resources) ? known?.resources : body;
    known = { resources: resources ?? body, at: now() };
    return known.resources;
  }

  /** The remembered directory. One that is old is fetched again meanwhile, which costs no time. */
  function recall(): Record<string, unknown> | undefined {
    if (known !== undefined && (known.at > now() || after(known.at, FRESH) < now())) void check();
    return known?.resources;
  }

  function check(): Promise<unknown> {
    const isRemembered = known === options.remembered;
    checking ??= isRemembered ? fetchDirectory().catch(() => undefined) : Promise.resolve();
    return checking;
  }

  async function directory() {
    return (
      recall() ??
      (fetching ??= patiently(fetchDirectory).catch((error: unknown) => {
        fetching = undefined;
        throw error;
      }))
    );
  }

  const lasting = new WeakSet<AppError>();
  async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof AppError) || lasting.has(error)) throw error;
        const pause = pauseAfter(error, failures, now());
        if (pause === undefined) {
          lasting.add(error);
          throw error;
        }
        emit({ type: "retry", error, pause });
        await sleep(pause, signal);
      }
    }
  }

  return {
    ...{ http, directory, nonces, patiently },
    directoryAtOnce: async () => recall() ?? fetching ?? (atOnce ??= fetchDirectory()),
    known: () => known,
    greet() {
      const begin = () => {
        nonces.begin();
      };
      directory().then(begin, () => undefined);
    },
    async isCurrent({ resources }) {
      await check();
      return resources === known?.resources;
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
function pauseAfter(error: AppError, failures: number, now: Date): number | undefined {
  if (failures >= MOST_FAILURES) return undefined;
  if (error.retryAfter !== undefined) {
    const asked = error.retryAfter.getTime() - now.getTime();
    return asked <= PATIENCE ? Math.max(asked, SECOND) : undefined;
  }
  const passing = error.code === "ca-unreachable" || error.code === "ca-busy";
  return passing ? (SECOND / 2) * 4 ** failures : undefined;
}
