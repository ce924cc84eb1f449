import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { isRecord } from "../json.ts";
import type { Registration } from "../registration.ts";
import { readJwk, writeJwk } from "./jwk.ts";
import { readCertificates, readPrivateKey, writeCertificates, writePrivateKey } from "./pem.ts";

/** Everything a set of files can hold. */
export interface Contents {
  accountKey?: KeyObject;
  registration?: Registration;
  key?: KeyObject;
  leaf?: X509Certificate;
  chain?: readonly X509Certificate[];
}
export type Component = keyof Contents;

export interface Format {
  holds: readonly Component[];
  /** Whether only the owner may read it. */
  secret: boolean;
  /** The file's bytes; undefined if a component is missing. */
  encode: (contents: Contents) => string | Buffer | undefined;
  /** Throws an Error whose message is the end of a sentence about the file. */
  decode: (data: Buffer) => Contents;
}

const accountKey: Format = {
  holds: ["accountKey"],
  secret: true,
  encode: ({ accountKey: key }) => key && `${JSON.stringify(writeJwk(key))}\n`,
  decode: (data) => ({
    accountKey: readJwk(JSON.parse(data.toString("utf8"))),
  }),
};

const accountRegistration: Format = {
  holds: ["registration"],
  secret: false,
  encode: ({ registration }) =>
    registration && `${JSON.stringify({ body: registration.body, uri: registration.uri })}\n`,
  decode(data) {
    const value: unknown = JSON.parse(data.toString("utf8"));
    if (!isRecord(value) || typeof value["uri"] !== "string" || !isRecord(value["body"]))
      throw new Error('it is not a registration with "body" and "uri"');
    return { registration: { uri: value["uri"], body: value["body"] } };
  },
};

/** The files of simp_le, by name. Text files end with a newline. */
export const FORMATS = {
  "account_key.json": accountKey,
  "account_reg.json": accountRegistration,
  "key.pem": {
    holds: ["key"],
    secret: true,
    encode: ({ key }) => key && writePrivateKey(key),
    decode: (data) => ({ key: readPrivateKey(data.toString("latin1")) }),
  },
  "key.der": {
    holds: ["key"],
    secret: true,
    // simp_le writes PKCS#1. For an elliptic curve the equivalent is SEC 1 (RFC 5915).
    encode: ({ key }) =>
      key &&
      key.export({
        type: key.asymmetricKeyType === "rsa" ? "pkcs1" : "sec1",
        format: "der",
      }),
    decode: (data) => ({ key: readDerKey(data) }),
  },
  "cert.pem": {
    holds: ["leaf"],
    secret: false,
    encode: ({ leaf }) => leaf && writeCertificates([leaf]),
    decode: (data) => ({ leaf: certificatesIn(data, 1)[0] }),
  },
  "cert.der": {
    holds: ["leaf"],
    secret: false,
    encode: ({ leaf }) => leaf?.raw,
    decode: (data) => ({ leaf: readDerCertificate(data) }),
  },
  "chain.pem": {
    holds: ["chain"],
    secret: false,
    encode: ({ chain }) => chain && writeCertificates(chain),
    decode: (data) => ({ chain: certificatesIn(data, 1) }),
  },
  "fullchain.pem": {
    holds: ["leaf", "chain"],
    secret: false,
    encode: ({ leaf, chain }) => leaf && chain && writeCertificates([leaf, ...chain]),
    decode(data) {
      const [leaf, ...chain] = certificatesIn(data, 2);
      return { leaf, chain };
    },
  },
  "full.pem": {
    holds: ["key", "leaf", "chain"],
    secret: true,
    encode: ({ key, leaf, chain }) =>
      key && leaf && chain && writePrivateKey(key) + writeCertificates([leaf, ...chain]),
    decode(data) {
      const [leaf, ...chain] = certificatesIn(data, 2);
      return { key: readPrivateKey(data.toString("latin1")), leaf, chain };
    },
  },
} as const satisfies Record<string, Format>;

export type FormatName = keyof typeof FORMATS;

/** Whether a file is about the account, and not about a certificate. */
export function isAccountFile(name: FormatName): boolean {
  return name === "account_key.json" || name === "account_reg.json";
}

export const FORMAT_NAMES = Object.keys(FORMATS) as FormatName[];

/** Whether both contents have the same component. */
export function agree(component: Component, some: Contents, others: Contents): boolean {
  return fingerprint(component, some) === fingerprint(component, others);
}

function fingerprint(component: Component, contents: Contents): string | undefined {
  switch (component) {
    case "accountKey":
    case "key":
      return contents[component]?.export({ type: "pkcs8", format: "der" }).toString("base64");
    case "registration":
      return contents.registration && JSON.stringify(contents.registration);
    case "leaf":
      return contents.leaf?.fingerprint256;
    case "chain":
      return contents.chain?.map((certificate) => certificate.fingerprint256).join();
  }
}

function certificatesIn(data: Buffer, least: 1 | 2): [X509Certificate, ...X509Certificate[]] {
  const [first, ...others] = readCertificates(data.toString("latin1"));
  if (first === undefined) throw new Error("it has no certificate");
  if (others.length + 1 < least) throw new Error("it has only one certificate, without its issuer");
  return [first, ...others];
}

/** The first byte of a certificate in DER (X.690 section 8.9.1). */
const SEQUENCE = 0x30;

function readDerCertificate(data: Buffer): X509Certificate {
  try {
    // The constructor also accepts PEM, but other programs that read this file do not.
    if (data[0] === SEQUENCE) return new X509Certificate(data);
  } catch (error) {
    throw new Error("it is not a certificate in DER, or not a whole one", {
      cause: error,
    });
  }
  throw new Error("it is not a certificate in DER");
}

function readDerKey(data: Buffer): KeyObject {
  for (const type of ["pkcs8", "pkcs1", "sec1"] as const) {
    try {
      return createPrivateKey({ key: data, format: "der", type });
    } catch {
      // It is not of this type: try the next one.
    }
  }
  throw new Error("it is not a private key in DER, or not a whole one");
}
