import * as z from "zod/mini";
import { isAddress } from "../acme/protocol.ts";
import { type Name, parseName } from "../name.ts";
import type { Place } from "../store/set.ts";
import type { Method } from "./method.ts";

// What a target is made of is a schema where it is recorded, and its type is that of the schema. Only core/revive.ts
// loads this file; everybody else has the types.

/** A name as this program writes it. */
export const nameSchema = z.custom<Name>((text) => {
  const parsed = typeof text === "string" ? parseName(text) : {};
  return "name" in parsed && parsed.name === text;
});

/** A kind of key to make: an elliptic curve, or RSA of so many bits (and with 65537, if nothing else). */
export type KeyType = z.infer<typeof keyTypeSchema>;
export const keyTypeSchema = z.union([
  z.enum(["ec256", "ec384"]),
  z.object({ rsa: z.number(), exponent: z.optional(z.number()) }),
]);

/** The chain to take: one of those that the CA calls alternate, counted from 1 (0: the usual one), or one that has an issuer of this common name. */
export type Chain = z.infer<typeof chainSchema>;
const chainSchema = z.union([
  z.object({ alternate: z.number() }),
  z.object({ issuer: z.string() }),
]);

/** The URL of a CA's directory. */
const directorySchema = z.string().check(z.refine(isAddress));

/** What has to be true of a certificate. */
export const wantSchema = z.object({
  names: z.readonly(z.tuple([nameSchema], nameSchema)),
  /** The kind that its key must be of; undefined: any. */
  key: z.optional(keyTypeSchema),
  /** The profile that it must have been issued with. */
  profile: z.optional(z.string()),
  /** Renew when less than this is left, in milliseconds; undefined: when the CA says so, or as a share of its life. */
  validAtLeast: z.optional(z.number()),
  /** When there will be another run, in milliseconds from now. */
  nextRun: z.number(),
});

/** How to get a certificate, but for the account and the answers. */
export const askSchema = z.object({
  /** The URLs of the CAs' directories: the next is asked when one is out of reach, or busy. */
  from: z.readonly(z.tuple([directorySchema], directorySchema)),
  /** What to ask the CA for, and whether to go on without when it does not have it. */
  profile: z.optional(z.object({ name: z.string(), required: z.boolean() })),
  /** The path of a file with roots (PEM) to trust beside the built-in ones. */
  caBundle: z.optional(z.string()),
  /** What to call ourselves there; undefined: the usual. */
  userAgent: z.optional(z.string()),
  /** For a new certificate key; undefined: the kind that is in use. */
  key: z.optional(keyTypeSchema),
  /** Keep using the key that is there. */
  reuseKey: z.boolean(),
  chain: chainSchema,
});

/** The file of targets that something is from. */
export type Source = z.infer<typeof sourceSchema>;
export const sourceSchema = z.object({
  /** Its path, or `-` for the standard input. */
  file: z.string(),
  /** A later run has not found it in the file any more. */
  gone: z.boolean(),
});

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

/** One certificate that somebody wants: what has to be true of it, how to get it, where to keep it. */
export interface Target {
  /** How it is called in messages and logs; unique among the targets of a run. */
  id: string;
  /** Undefined: it was not in a file. */
  source?: Source | undefined;
  want: z.infer<typeof wantSchema> & {
    /** Issue in any case; for one run, and never recorded. */
    force: boolean;
  };
  ask: z.infer<typeof askSchema> & {
    account: AccountWish;
    method: Method;
  };
  keep: Place;
}
