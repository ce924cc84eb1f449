import { type Pebble, startPebble } from "../test/support/pebble.ts";
import { startRelay } from "../test/support/relay.ts";

/** The CA of all measurements. */
export interface Ca {
  directoryUrl: string;
  caFile: string;
  /** HOST:PORT where it fetches answers of http-01. */
  answers: string;
  httpPort: number;
  /** The same CA, at this distance: a round trip in milliseconds. */
  away(roundTrip: number): Promise<Ca & AsyncDisposable>;
  /** Runs a task, and counts the CA's requests during that time. */
  counting<T>(task: () => Promise<T>): Promise<{ result: T; requests: number }>;
}

const REQUEST = /^Pebble \S+ \S+ \S+ \S+ -> calling handler\(\)$/gm;

/**
 * A Pebble with its default Retry-After. It refuses no nonce, reuses no authorization and does not
 * sleep before it validates. Requests are counted in its log, as a proxy would slow them down.
 */
export async function startCa(): Promise<Ca & AsyncDisposable> {
  const pebble = await startPebble({ retryAfter: { authz: 3, order: 5 } });
  const { directoryUrl, caFile, httpPort } = pebble;
  const ca: Ca = {
    ...{ directoryUrl, caFile, httpPort },
    answers: `127.0.0.1:${httpPort}`,
    async away(roundTrip) {
      const relay = await startRelay(Number(new URL(directoryUrl).port), { roundTrip });
      return {
        ...ca,
        directoryUrl: relay.through(directoryUrl),
        [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
      };
    },
    async counting(task) {
      const before = requestsTo(pebble);
      const result = await task();
      return { result, requests: requestsTo(pebble) - before };
    },
  };
  return { ...ca, [Symbol.asyncDispose]: () => pebble[Symbol.asyncDispose]() };
}

function requestsTo(pebble: Pebble): number {
  return pebble.log().match(REQUEST)?.length ?? 0;
}
