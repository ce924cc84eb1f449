import type { Name } from "../name.ts";
import type { Place } from "../store/set.ts";
import type { Method } from "./method.ts";

/** A kind of key to make: an elliptic curve, or RSA of so many bits (and with 65537, if nothing else). */
export type KeyType = "ec256" | "ec384" | { rsa: number; exponent?: number | undefined };

/** The chain to take: one of those that the CA calls alternate, counted from 1 (0: the usual one), or one that has an issuer of this common name. */
export type Chain = { alternate: number } | { issuer: string };

/** An account: whose it is, where it is kept, and how to get it where there is none. */
export interface AccountWish {
  /** The folder of accounts that sets share; undefined: each set has its own. */
  dir?: string | undefined;
  /** A shared account is written as lego has it too. */
  lego?: boolean | undefined;
  /** Mail addresses; none is allowed. */
  contact: readonly string[];
  /** The kind of a new one's key; undefined: the usual. */
  key?: KeyType | undefined;
  /** For CAs that require one. */
  binding?: Binding | undefined;
}

/** External account binding (RFC 8555 section 7.3.4), with its MAC key. */
export interface Binding {
  kid: string;
  /** Undefined: its file cannot be read any more, which matters only where there is no account yet. */
  macKey: Buffer | undefined;
  /** The path of the file that the key was read from. */
  file?: string | undefined;
}

/** A file with a secret that has not been read yet. */
export interface SecretFile {
  file: string;
  /** How whoever named it calls it, for the message that it cannot be used. */
  called: string;
}

/** A target as it was written or recorded, which names files of secrets that are still to be read. */
export interface Draft extends Omit<Target, "ask" | "keep"> {
  ask: Omit<Target["ask"], "account"> & {
    account: Omit<AccountWish, "binding"> & {
      binding?: Binding | ({ kid: string } & SecretFile) | undefined;
    };
  };
  keep: Omit<Place, "pkcs12"> & { pkcs12?: SecretFile | undefined };
}

/** The file of targets that something is from. */
export interface Source {
  /** Its path, or `-` for the standard input. */
  file: string;
  /** A later run has not found it in the file any more. */
  gone: boolean;
}

/** One certificate that somebody wants: what has to be true of it, how to get it, where to keep it. */
export interface Target {
  /** How it is called in messages and logs; unique among the targets of a run. */
  id: string;
  /** Undefined: it was not in a file. */
  source?: Source | undefined;
  want: {
    names: readonly [Name, ...Name[]];
    /** The kind that its key must be of; undefined: any. */
    key?: KeyType | undefined;
    /** The profile that it must have been issued with. */
    profile?: string | undefined;
    /** Renew when less than this is left, in milliseconds; undefined: when the CA says so, or as a share of its life. */
    validAtLeast?: number | undefined;
    /** When there will be another run, in milliseconds from now. */
    nextRun: number;
    /** Issue in any case. */
    force: boolean;
  };
  ask: {
    /** The URLs of the CAs' directories: the next is asked when one is out of reach, or busy. */
    from: readonly [string, ...string[]];
    account: AccountWish;
    /** What to ask the CA for, and whether to go on without when it does not have it. */
    profile?: { name: string; required: boolean } | undefined;
    /** The path of a file with roots (PEM) to trust beside the built-in ones. */
    caBundle?: string | undefined;
    /** What to call ourselves there; undefined: the usual. */
    userAgent?: string | undefined;
    /** For a new certificate key; undefined: the kind that is in use. */
    key?: KeyType | undefined;
    /** Keep using the key that is there. */
    reuseKey: boolean;
    chain: Chain;
    method: Method;
  };
  keep: Place;
}
