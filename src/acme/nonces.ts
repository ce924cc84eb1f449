/**
 * The anti-replay nonces of one CA (RFC 8555 section 6.5). Every answer brings
 * the nonce of the next request, so as many fetched ones as there may be requests at
 * once serve a whole run: whoever finds none then waits for a request under way
 * to bring one back.
 */
export interface Nonces {
  /** Resolves to a nonce that nobody else gets. Each take is followed by one `give` or `lose`. */
  take(): Promise<string>;
  /** Puts back the nonce that came with an answer. */
  give(nonce: string): void;
  /** Says that the nonce taken brought no other. */
  lose(): void;
}

/** `most`: how many may be taken at once. */
export function openNonces(most: number, fetchNonce: () => Promise<string>): Nonces {
  const free: string[] = [];
  const waiting: ((nonce: Promise<string> | string) => void)[] = [];
  let taken = 0;

  return {
    async take() {
      const nonce = free.pop();
      if (nonce === undefined && taken >= most)
        return new Promise((resolve) => waiting.push(resolve));
      taken += 1;
      if (nonce !== undefined) return nonce;
      try {
        return await fetchNonce();
      } catch (error) {
        this.lose();
        throw error;
      }
    },
    give(nonce) {
      const next = waiting.shift();
      if (next !== undefined) {
        next(nonce);
        return;
      }
      taken -= 1;
      free.push(nonce);
    },
    lose() {
      taken -= 1;
      waiting.shift()?.(this.take());
    },
  };
}
