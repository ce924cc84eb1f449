import { sleep } from "../time.ts";

/**
 * The anti-replay nonces of one CA (RFC 8555 section 6.5). Every answer brings the nonce for the
 * next request, so a run can work with a single fetched nonce.
 */
export interface Nonces {
  /** Resolves to an unused nonce. Call `give` or `lose` once after each take. */
  take(): Promise<string>;
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
  fetch: () => Promise<string>;
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
 * number of requests at once. After each full round of answers, the number grows by one.
 */
export function openNonces({ fetch, lanes, most, isFar }: NonceOptions): Nonces {
  const free: string[] = [];
  const waiting: Waiting[] = [];
  let taken = 0;
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
    taken += 1;
    fetch().then(fetched, failed);
  }

  function fetched(nonce: string): void {
    taken -= 1;
    free.push(nonce);
    serve();
  }

  function failed(error: unknown): void {
    taken -= 1;
    // If other requests are under way, their answers bring nonces.
    if (taken === 0) waiting.shift()?.reject(error);
    else narrow();
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
    expect(requests) {
      if (!isFar()) return;
      for (let held = taken + free.length; held < Math.min(requests, Math.floor(width)); held += 1)
        add();
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
export function paced<T>(signal: AbortSignal, call: () => Promise<T>): () => Promise<T> {
  let turn = -Infinity;
  return async () => {
    const now = performance.now();
    turn = Math.max(turn + EACH, now - AT_ONCE * EACH);
    const pause = turn - now;
    if (pause > 0) await sleep(pause, signal);
    return call();
  };
}
