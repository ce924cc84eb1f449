import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";

/**
 * The PEM blocks of a text (RFC 7468); other text between them is ignored. Throws if a block has no
 * end.
 */
function blocksOf(text: string): string[] {
  const whole = text.match(/-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g) ?? [];
  if (whole.length < text.split("-----BEGIN ").length - 1)
    throw new Error("it is cut off, or damaged");
  return whole;
}

/** The label of RFC 7468, and OpenSSL's old label. */
const CERTIFICATE = /^-----BEGIN (?:X509 )?CERTIFICATE-----/;

/**
 * The certificates of a PEM text, in order. Throws if one is damaged or is OpenSSL's TRUSTED
 * CERTIFICATE.
 */
export function readCertificates(text: string): X509Certificate[] {
  const blocks = blocksOf(text);
  if (blocks.some((each) => each.startsWith("-----BEGIN TRUSTED CERTIFICATE")))
    throw new Error(
      "it has a TRUSTED CERTIFICATE, which only OpenSSL reads (openssl x509 makes a CERTIFICATE of it)",
    );
  return blocks
    .filter((block) => CERTIFICATE.test(block))
    .map((block, index) => {
      try {
        return new X509Certificate(block);
      } catch (error) {
        throw new Error(`certificate ${index + 1} of it is damaged`, {
          cause: error,
        });
      }
    });
}

/**
 * The first private key of a PEM text: PKCS#8, PKCS#1 or SEC 1. Throws if there is none or if it is
 * encrypted.
 */
export function readPrivateKey(text: string): KeyObject {
  const block = blocksOf(text).find((each) => /^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(each));
  if (block === undefined) throw new Error("it has no private key");
  if (block.includes("ENCRYPTED")) throw new Error("its private key is encrypted");
  try {
    return createPrivateKey(block);
  } catch (error) {
    throw new Error("its private key is damaged", { cause: error });
  }
}

export function writePrivateKey(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" });
}

export function writeCertificates(certificates: readonly X509Certificate[]): string {
  return certificates.map((certificate) => `${certificate.toString().trim()}\n`).join("");
}
