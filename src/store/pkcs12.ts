import type { KeyObject, X509Certificate } from "node:crypto";
import { PassThrough } from "node:stream";
import { openDirectory } from "../directory/directory.ts";
import type { Bundle } from "./bundle.ts";
import type { Contents } from "./formats.ts";
import { readPlace, type Replacement } from "./replace.ts";

/** One file with key, certificate and chain, for programs that read only PKCS #12. */
export const PKCS12_FILE = "cert.p12";

export interface Protection {
  /** The path of the file whose first line is the password. */
  file: string;
  password: string;
}

interface Spot {
  dir: string;
  /** Undefined if the user wants no such file. */
  pkcs12?: Protection | undefined;
}

/**
 * The PKCS #12 file to write. Empty if the user wants none, if a part of the contents is missing,
 * or if the file is up to date.
 */
export async function renewedPkcs12(
  { dir, pkcs12 }: Spot,
  { key, leaf, chain }: Contents,
): Promise<Replacement[]> {
  if (pkcs12 === undefined || !key || !leaf || !chain) return [];
  const { password } = pkcs12;
  if (await holdsPkcs12(dir, leaf, password)) return [];
  const data = await writePkcs12({ key, leaf, chain }, password);
  return [{ name: PKCS12_FILE, data, secret: true }];
}

/** The rounds of hashing for each guess at the password; Java uses the same number. */
const ITERATIONS = 10_000;
/** The content type id-data (RFC 5652 section 4). */
const DATA = "1.2.840.113549.1.7.1";
/** The bag types of RFC 7292 section 4.2.1. */
const SHROUDED_KEY_BAG = "1.2.840.113549.1.12.10.1.2";
const CERT_BAG = "1.2.840.113549.1.12.10.1.3";
/**
 * The attribute localKeyID (RFC 2985 section 5.5.2) with the value 1, as DER in hexadecimal. The
 * same value in both ties the key to its certificate.
 */
const LOCAL_KEY_ID = "301006092a864886f70d0109153103040101";

/**
 * A PKCS #12 file (RFC 7292) with a key, its certificate and the chain. All of it is encrypted with
 * PBES2 (PBKDF2 with HMAC-SHA-256, AES-256-CBC) and has a MAC with SHA-256. Each call returns
 * different bytes. The password is encoded as UTF-8 and must not be empty.
 */
async function writePkcs12({ key, leaf, chain }: Bundle, password: string): Promise<Buffer> {
  // Loaded only here, as most runs do not write such a file.
  const pkijs = await import("pkijs");
  const protection = {
    password: new TextEncoder().encode(password).buffer,
    contentEncryptionAlgorithm: { name: "AES-CBC", length: 256 },
    hmacHashAlgorithm: "SHA-256",
    iterationCount: ITERATIONS,
    contentType: DATA,
  };
  const bagAttributes = [pkijs.Attribute.fromBER(Buffer.from(LOCAL_KEY_ID, "hex"))];
  const keyBag = new pkijs.PKCS8ShroudedKeyBag({
    parsedValue: pkijs.PrivateKeyInfo.fromBER(derOf(key)),
  });
  await keyBag.makeInternalValues(protection);
  const certBags = [leaf, ...chain].map(
    (certificate, index) =>
      new pkijs.SafeBag({
        bagId: CERT_BAG,
        bagValue: new pkijs.CertBag({
          parsedValue: pkijs.Certificate.fromBER(certificate.raw),
        }),
        ...(index === 0 && { bagAttributes }),
      }),
  );
  const keyBags = [
    new pkijs.SafeBag({
      bagId: SHROUDED_KEY_BAG,
      bagValue: keyBag,
      bagAttributes,
    }),
  ];
  const authenticatedSafe = new pkijs.AuthenticatedSafe({
    parsedValue: {
      safeContents: [
        {
          privacyMode: ENCRYPTED,
          value: new pkijs.SafeContents({ safeBags: certBags }),
        },
        {
          privacyMode: PLAIN,
          value: new pkijs.SafeContents({ safeBags: keyBags }),
        },
      ],
    },
  });
  await authenticatedSafe.makeInternalValues({
    safeContents: [protection, {}],
  });
  const pfx = new pkijs.PFX({
    parsedValue: { integrityMode: BY_PASSWORD, authenticatedSafe },
  });
  await pfx.makeInternalValues({
    password: protection.password,
    iterations: ITERATIONS,
    pbkdf2HashAlgorithm: "SHA-256",
    hmacHashAlgorithm: "SHA-256",
  });
  return Buffer.from(pfx.toSchema().toBER(false));
}

/** The modes of a PFX in pkijs. The bag of the key is encrypted by itself. */
const PLAIN = 0;
const ENCRYPTED = 1;
const BY_PASSWORD = 0;

function derOf(key: KeyObject): Buffer {
  return key.export({ type: "pkcs8", format: "der" });
}

/** Whether the file opens with this password and contains this certificate. */
async function holdsPkcs12(dir: string, leaf: X509Certificate, password: string): Promise<boolean> {
  // Loaded only here, like pkijs.
  const { createSecureContext, TLSSocket } = await import("node:tls");
  try {
    using directory = openDirectory(dir);
    const pfx = readPlace(directory, PKCS12_FILE);
    if (pfx === undefined) return false;
    const secureContext = createSecureContext({ pfx, passphrase: password });
    // Node.js has no other way to read the certificate in the file.
    const socket = new TLSSocket(new PassThrough(), {
      isServer: true,
      secureContext,
    });
    return socket.getX509Certificate()?.raw.equals(leaf.raw) === true;
  } catch {
    // It is missing or damaged, or has another password: write a new one.
    return false;
  }
}
