import type { KeyObject, X509Certificate } from "node:crypto";
import { PassThrough } from "node:stream";
import { openDirectory } from "../directory/directory.ts";
import type { Bundle } from "./bundle.ts";
import type { Contents } from "./formats.ts";
import { readPlace, type Replacement } from "./replace.ts";

/** The file that has what `FORMATS` have, for programs that read PKCS #12 only. */
export const PKCS12_FILE = "cert.p12";

/** How a PKCS #12 file is protected. */
export interface Protection {
  /** The path of the file whose first line the password is. */
  file: string;
  password: string;
}

interface Spot {
  dir: string;
  /** Undefined: no such file is wanted. */
  pkcs12?: Protection | undefined;
}

/**
 * What has to be written so that the folder's PKCS #12 file has these contents: nothing where none is
 * wanted, a part of them is missing, or it has them already.
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

/** How often a guess at the password has to be hashed; what Java takes for its own files. */
const ITERATIONS = 10_000;
/** Id-data of RFC 5652 section 4. */
const DATA = "1.2.840.113549.1.7.1";
/** The kinds of bags of RFC 7292 section 4.2. */
const SHROUDED_KEY_BAG = "1.2.840.113549.1.12.10.1.2";
const CERT_BAG = "1.2.840.113549.1.12.10.1.3";
/** The attribute localKeyID (RFC 2985 section 5.5.2) with the value 1, in DER and hexadecimal: key and leaf have the same. */
const LOCAL_KEY_ID = "301006092a864886f70d0109153103040101";

/**
 * A PKCS #12 file (RFC 7292) with a key, its certificate and the chain, all of it encrypted with
 * PBES2 (PBKDF2 with HMAC-SHA-256, AES-256-CBC) and under a MAC with SHA-256. The same contents make
 * other bytes each time. The password is taken as UTF-8, and must not be empty.
 */
async function writePkcs12({ key, leaf, chain }: Bundle, password: string): Promise<Buffer> {
  // Most runs write no such file, and need not wait for this to be loaded.
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

/** The modes of a PFX as pkijs numbers them. The bag of the key is encrypted by itself. */
const PLAIN = 0;
const ENCRYPTED = 1;
const BY_PASSWORD = 0;

function derOf(key: KeyObject): Buffer {
  return key.export({ type: "pkcs8", format: "der" });
}

/** Whether a file can be opened with this password, and is for this certificate. */
async function holdsPkcs12(dir: string, leaf: X509Certificate, password: string): Promise<boolean> {
  // As with pkijs: most runs do without.
  const { createSecureContext, TLSSocket } = await import("node:tls");
  try {
    using directory = openDirectory(dir);
    const pfx = readPlace(directory, PKCS12_FILE);
    if (pfx === undefined) return false;
    const secureContext = createSecureContext({ pfx, passphrase: password });
    // Nothing else of Node.js tells what is in it.
    const socket = new TLSSocket(new PassThrough(), {
      isServer: true,
      secureContext,
    });
    return socket.getX509Certificate()?.raw.equals(leaf.raw) === true;
  } catch {
    // Missing, damaged, or for another password: it will be another one then.
    return false;
  }
}
