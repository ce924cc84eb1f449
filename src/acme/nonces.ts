import { setImmediate as turn } from "node:timers/promises";
import { sleep } from "../time.ts";

/**
 * The anti-replay nonces of one CA (RFC 8555 section 6.5). Every answer brings the nonce for the
 * next request, so a run can work with a single fetched nonce.
 */
export interface Nonces {
  /** Resolves to an unused nonce. Call `give` or `lose` once after each take. */
  take(): Promise<string>;
  /** Announces the first request: its nonce is fetched now. */
  begin(): void;
  /** Announces so many requests after the next answer. If the CA is far away, fetches their nonces now. */
  expect(requests: number): void;
  /** Adds the nonce that an answer brought. */
  give(nonce: string): void;
  /** Reports that the request brought no new nonce. */
  lose(): void;
  /** Reports that the CA is busy or did not answer: send fewer requests at once. */
  narrow(): void;
}

export interface NonceOptions {
  /** Asks once, or `patiently` if no request is under way whose answer may bring a nonce. */
  fetch: (patiently: boolean) => Promise<string>;
  /** This many requests at once may start with a fetched nonce. */
  lanes: number;
  /** The limit of requests at once, if `isFar`. It is higher than `lanes`. */
  most: number;
  /**
   * Whether a round trip takes so long that it is worth fetching more nonces, to send more requests
   * at once.
   */
  isFar: () => boolean;
}

/**
 * Fetches a nonce if there is none and fewer than `lanes` requests are under way. If the CA is far
 * away, fetches more for requests that would have to wait for a second answer. `narrow` halves the
 * number of requests at once. After each full round of answers, the number grows by one. If the
 * nonce of a lane cannot be fetched, the lane stays closed: the CA may not allow more at once.
 */
export function openNonces({ fetch, lanes, isFar, ...limits }: NonceOptions): Nonces {
  const free: string[] = [];
  const waiting: Waiting[] = [];
  let taken = 0;
  let expected = 0;
  let { most } = limits;
  let width = most;

  /** Serves as many waiting requests as possible. */
  function serve(): void {
    while (waiting.length > 0 && taken < Math.max(1, Math.floor(width))) {
      const nonce = free.pop();
      if (nonce !== undefined) {
        taken += 1;
        waiting.shift()?.resolve(nonce);
      } else if (taken < lanes || (isFar() && waiting.length > taken)) add();
      else return;
    }
  }

  function add(): void {
    const alone = taken === 0;
    taken += 1;
    fetch(alone).then(fetched, alone ? failed : notOpened);
  }

  /** Fetches the nonces of expected requests, once it is known that the CA is far away. */
  function prepare(): void {
    if (!isFar()) return;
    const wanted = Math.min(expected, Math.floor(width));
    expected = 0;
    for (let held = taken + free.length; held < wanted; held += 1) add();
  }

  function fetched(nonce: string): void {
    taken -= 1;
    free.push(nonce);
    serve();
    prepare();
  }

  function failed(error: unknown): void {
    taken -= 1;
    // If other requests are under way, their answers bring nonces.
    if (taken > 0) narrow();
    // One after another, each would wait half a minute for the same failure.
    else for (const each of waiting.splice(0)) each.reject(error);
    serve();
  }

  function notOpened(): void {
    taken -= 1;
    most = Math.max(1, most - 1);
    narrow();
    serve();
  }

  function narrow(): void {
    width = Math.max(1, Math.min(width, taken) / 2);
  }

  return {
    take: () =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        serve();
      }),
    begin() {
      if (taken + free.length === 0) add();
    },
    expect(requests) {
      expected = requests;
      prepare();
    },
    give(nonce) {
      width = Math.min(most, width + 1 / width);
      taken -= 1;
      free.push(nonce);
      serve();
    },
    lose() {
      taken -= 1;
      serve();
    },
    narrow,
  };
}

interface Waiting {
  resolve: (nonce: string) => void;
  reject: (error: unknown) => void;
}

/**
 * Milliseconds between nonces, and nonces at once. Let's Encrypt allows 20 requests for nonces a
 * second from one address, and ten at once.
 */
const EACH = 50;
const AT_ONCE = 9;

/**
 * Limits the rate of calls: the first ones at once, then one after another at a pace that CAs
 * allow.
 */
export function paced<A, T>(
  signal: AbortSignal,
  call: (argument: A) => Promise<T>,
): (argument: A) => Promise<T> {
  let next = -Infinity;
  return async (argument) => {
    const now = performance.now();
    next = Math.max(next + EACH, now - AT_ONCE * EACH);
    const pause = next - now;
    // A request that is being signed goes first, and so gets the open connection.
    if (pause > 0) await sleep(pause, signal);
    else await turn();
    return call(argument);
  };
}
