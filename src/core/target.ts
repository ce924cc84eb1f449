import * as z from "zod/mini";
import { isAddress } from "../acme/protocol.ts";
import { type Name, parseName } from "../name.ts";
import type { Place } from "../store/set.ts";
import type { Method } from "./method.ts";

// Recorded parts of a target are schemas, and their types are derived from these. Only
// core/revive.ts loads this file; other files import only types.

/** A name in the form that `parseName` returns. */
export const nameSchema = z.custom<Name>((text) => {
  const parsed = typeof text === "string" ? parseName(text) : {};
  return "name" in parsed && parsed.name === text;
});

/**
 * A type of key to make: an elliptic curve, or RSA of this many bits, by default with the exponent
 * 65537.
 */
export type KeyType = z.infer<typeof keyTypeSchema>;
export const keyTypeSchema = z.union([
  z.enum(["ec256", "ec384"]),
  z.object({ rsa: z.number(), exponent: z.optional(z.number()) }),
]);

/**
 * The chain to choose: an alternate chain of the CA, counted from 1 (0 is the usual one), or a
 * chain with an issuer of this common name.
 */
export type Chain = z.infer<typeof chainSchema>;
const chainSchema = z.union([
  z.object({ alternate: z.number() }),
  z.object({ issuer: z.string() }),
]);

/** The URL of a CA's directory. */
const directorySchema = z.string().check(z.refine(isAddress));

/** What must be true of the certificate. */
export const wantSchema = z.object({
  names: z.readonly(z.tuple([nameSchema], nameSchema)),
  /** The type that its key must have; undefined: any. */
  key: z.optional(keyTypeSchema),
  /** The profile that it must have. */
  profile: z.optional(z.string()),
  /**
   * Renew when less than this is left, in milliseconds; undefined: when the CA says so, or after a
   * share of its life.
   */
  validAtLeast: z.optional(z.number()),
  /** The milliseconds until the next run. */
  nextRun: z.number(),
  /** Whether names may be missing that the CA refuses or cannot validate. */
  allowPartial: z.optional(z.boolean()),
});

/** How to get the certificate, except for the account and the answers. */
export const askSchema = z.object({
  /** The CAs' directory URLs. If a CA is unreachable or busy, the next one is asked. */
  from: z.readonly(z.tuple([directorySchema], directorySchema)),
  /**
   * The profile to order. If it is not `required` and the CA does not have it, order without one.
   */
  profile: z.optional(z.object({ name: z.string(), required: z.boolean() })),
  /** The path of a file with roots (PEM) to trust in addition to the built-in ones. */
  caBundle: z.optional(z.string()),
  /** Our User-Agent; undefined: the default. */
  userAgent: z.optional(z.string()),
  /** The type of a new certificate key; undefined: the type of the current one. */
  key: z.optional(keyTypeSchema),
  /** Whether to keep the current certificate key. */
  reuseKey: z.boolean(),
  chain: chainSchema,
});

/** The file of targets that a target comes from. */
export type Source = z.infer<typeof sourceSchema>;
export const sourceSchema = z.object({
  /** Its path, or `-` for the standard input. */
  file: z.string(),
  /** Whether a later run no longer found the target in the file. */
  gone: z.boolean(),
});

/** The wanted account: its owner and folder, and how to register it if there is none. */
export interface AccountWish {
  /** The folder of shared accounts; undefined: each set has its own account. */
  dir?: string | undefined;
  /** Whether to write a shared account in lego's format too. */
  lego?: boolean | undefined;
  /** Email addresses; may be empty. */
  contact: readonly string[];
  /** The type of a new account key; undefined: the default. */
  key?: KeyType | undefined;
  /** The external account binding, for CAs that require one. */
  binding?: Binding | undefined;
}

/** External account binding (RFC 8555 section 7.3.4), with its MAC key. */
export interface Binding {
  kid: string;
  /** Undefined if its file is no longer readable. That matters only if there is no account yet. */
  macKey: Buffer | undefined;
  /** The path of the file that the key was read from. */
  file?: string | undefined;
}

/** A file with a secret that we have not read yet. */
export interface SecretFile {
  file: string;
  /** The user's words for the file, for error messages. */
  called: string;
}

/** A target whose secrets have not been read yet. It names their files. */
export interface Draft extends Omit<Target, "ask" | "keep"> {
  ask: Omit<Target["ask"], "account"> & {
    account: Omit<AccountWish, "binding"> & {
      binding?: Binding | ({ kid: string } & SecretFile) | undefined;
    };
  };
  keep: Omit<Place, "pkcs12"> & { pkcs12?: SecretFile | undefined };
}

/** One certificate: what must be true of it, how to get it, and where to keep it. */
export interface Target {
  /** Its name in messages and logs; unique among the targets of a run. */
  id: string;
  /** Undefined if the target does not come from a file. */
  source?: Source | undefined;
  want: z.infer<typeof wantSchema> & {
    /** Issue in any case. This is for one run and never recorded. */
    force: boolean;
  };
  ask: z.infer<typeof askSchema> & {
    account: AccountWish;
    method: Method;
  };
  keep: Place;
}
