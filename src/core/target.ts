import type { Listen } from "../serve.ts";
import type { Name } from "../name.ts";
import type { Place } from "../store/set.ts";

/** A kind of key to make: the elliptic curve P-256, or RSA of so many bits (and with 65537, if nothing else). */
export type KeyType = "ec256" | { rsa: number; exponent?: number | undefined };

/** How http-01 is answered: on a port of our own, or by files in the folders a web server serves. */
export type Method =
  | { kind: "standalone"; listen: Listen }
  | { kind: "webroot"; roots: ReadonlyMap<Name, string> };

/** One certificate that somebody wants: what has to be true of it, how to get it, where to keep it. */
export interface Target {
  /** How it is called in messages and logs. */
  id: string;
  want: {
    names: readonly [Name, ...Name[]];
    /** Renew when less than this is left, in milliseconds; undefined: as a share of its life. */
    validAtLeast?: number | undefined;
    /** Issue in any case. */
    force: boolean;
  };
  ask: {
    /** The URL of the CA's directory. */
    from: string;
    contact: readonly string[];
    /** For a new account; undefined: the usual kind. */
    accountKey?: KeyType | undefined;
    /** For a new certificate key; undefined: the kind that is in use. */
    key?: KeyType | undefined;
    /** Keep using the key that is there. */
    reuseKey: boolean;
    /** Which of the chains that the CA calls alternate, counted from 1; 0 is the usual one. */
    alternateChain: number;
    method: Method;
  };
  keep: Place;
}
