import { sleep } from "../time.ts";

/**
 * The anti-replay nonces of one CA (RFC 8555 section 6.5). Every answer brings the nonce of the next
 * request, so that one that was fetched serves for a whole run.
 */
export interface Nonces {
  /** Resolves to a nonce that nobody else gets. Each take is followed by one `give` or `lose`. */
  take(): Promise<string>;
  /** Says that so many requests follow the next answer: their nonces are fetched meanwhile, where `isFar`. */
  expect(requests: number): void;
  /** Puts back the nonce that came with an answer. */
  give(nonce: string): void;
  /** Says that the nonce taken brought no other. */
  lose(): void;
  /** Says that the CA is busy, or did not answer: fewer requests at once from here on. */
  narrow(): void;
}

export interface NonceOptions {
  fetch: () => Promise<string>;
  /** As many requests as this may each begin with a nonce that is fetched. */
  lanes: number;
  /** More than `lanes`, where `isFar`. */
  most: number;
  /** Whether a round trip takes so long that requests side by side are worth a fetched nonce each. */
  isFar: () => boolean;
}

/**
 * A nonce is fetched when there is none and fewer than `lanes` requests are under way. Further ones are fetched at a
 * CA that is far away for requests that would have to wait for a second answer. `narrow` halves what
 * may be under way; each answer widens it again, by one for as many answers as may be under way.
 */
export function openNonces({ fetch, lanes, most, isFar }: NonceOptions): Nonces {
  const free: string[] = [];
  const waiting: Waiting[] = [];
  let taken = 0;
  let width = most;

  /** Serves as many of those who wait as can be served. */
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
    // As long as others are under way, each of their answers brings a nonce.
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

/** Let's Encrypt takes 20 requests for nonces a second from one address, and ten at once. */
const EACH = 50;
const AT_ONCE = 9;

/** Calls at once at first, and then one after another at a pace that CAs allow. */
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
