import { type Pebble, startPebble } from "../test/support/pebble.ts";
import { startRelay } from "../test/support/relay.ts";
import { request } from "../test/support/request.ts";
import { findNewest } from "./newest.ts";

/** The CA of all measurements. */
export interface Ca {
  directoryUrl: string;
  caFile: string;
  /** HOST:PORT where it fetches answers of http-01. */
  answers: string;
  httpPort: number;
  /** Aborted if the CA has fallen silent, with the reason. Then it has been ended. */
  silent: AbortSignal;
  /** Runs a task, and counts the CA's requests during that time. */
  counting<T>(task: () => Promise<T>): Promise<{ result: T; requests: number }>;
}

const REQUEST = /^Pebble \S+ \S+ \S+ \S+ -> calling handler\(\)$/gm;
/** How often the CA is asked whether it still answers, and for how long each time, in milliseconds. */
const LOOK = { every: 3_000, patience: 15_000 };

/**
 * A Pebble with its default Retry-After at a distance: a round trip in milliseconds, 0 for none. It
 * refuses no nonce, reuses no authorization and does not sleep before it validates. Requests are
 * counted in its log, as a proxy would slow them down.
 */
export async function startCa(roundTrip: number): Promise<Ca & AsyncDisposable> {
  await using owned = new AsyncDisposableStack();
  const program = findNewest("pebble");
  const pebble = owned.use(
    await startPebble({
      retryAfter: { authz: 3, order: 5 },
      ...(program !== undefined && { program }),
    }),
  );
  const { caFile, httpPort } = pebble;
  let { directoryUrl } = pebble;
  if (roundTrip > 0) {
    const relay = owned.use(await startRelay(Number(new URL(directoryUrl).port), { roundTrip }));
    directoryUrl = relay.through(directoryUrl);
  }
  const watch = owned.use(watched(pebble));
  const stack = owned.move();
  return {
    ...{ directoryUrl, caFile, httpPort },
    answers: `127.0.0.1:${httpPort}`,
    silent: watch.silent,
    async counting(task) {
      const before = requestsTo(pebble);
      const result = await task();
      return { result, requests: requestsTo(pebble) - before };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function requestsTo(pebble: Pebble): number {
  return pebble.log().match(REQUEST)?.length ?? 0;
}

/**
 * Ends a Pebble whose store is locked for good, as it would never answer again. So each look is a
 * question that needs the store.
 */
export function watched(
  pebble: Pick<Pebble, "managementUrl" | "caFile" | "kill">,
  { every, patience } = LOOK,
): Disposable & { silent: AbortSignal } {
  const silent = new AbortController();
  let asking = false;
  const timer = setInterval(() => {
    if (asking) return;
    asking = true;
    const late = setTimeout(() => {
      clearInterval(timer);
      // Its last words are what each of its threads waits for.
      pebble.kill("SIGQUIT");
      silent.abort(new Error(`the CA has not answered for ${patience / 1000} s`));
    }, patience);
    void request(`${pebble.managementUrl}/cert-status-by-serial/0`, pebble)
      .catch(() => undefined)
      .finally(() => {
        clearTimeout(late);
        asking = false;
      });
  }, every);
  timer.unref();
  return {
    silent: silent.signal,
    [Symbol.dispose]() {
      clearInterval(timer);
    },
  };
}
