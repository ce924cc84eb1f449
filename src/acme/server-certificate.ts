import type { X509Certificate } from "node:crypto";
import { AsnConvert, AsnProp, AsnPropTypes, AsnType, AsnTypeTypes } from "@peculiar/asn1-schema";
import {
  AlgorithmIdentifier,
  BasicConstraints,
  Certificate,
  type Extension,
  ExtendedKeyUsage,
  id_ce_basicConstraints,
  id_ce_certificatePolicies,
  id_ce_cRLDistributionPoints,
  id_ce_extKeyUsage,
  id_ce_inhibitAnyPolicy,
  id_ce_issuerAltName,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_policyConstraints,
  id_ce_policyMappings,
  id_ce_subjectAltName,
  id_kp_serverAuth,
  KeyUsage,
  KeyUsageFlags,
  SubjectAlternativeName,
} from "@peculiar/asn1-x509";

/** More than any CA sends, and accepted by every client. */
const MOST_CERTIFICATES = 10;
/**
 * OpenSSL's clients refuse more than 100 KB of certificates. This leaves room for data that the
 * server staples to them.
 */
const MOST_BYTES = 90_000;

/**
 * The extensions that may be critical in RFC 5280, and two more that are in use: TLS features (RFC
 * 7633) and SCTs (RFC 6962).
 */
const KNOWN_CRITICAL = new Set<string>([
  ...[id_ce_keyUsage, id_ce_extKeyUsage, id_ce_basicConstraints],
  ...[id_ce_subjectAltName, id_ce_issuerAltName, id_ce_nameConstraints],
  ...[id_ce_certificatePolicies, id_ce_policyMappings],
  ...[id_ce_policyConstraints, id_ce_inhibitAnyPolicy],
  ...[id_ce_cRLDistributionPoints],
  ...["1.3.6.1.5.5.7.1.24", "1.3.6.1.4.1.11129.2.4.2"],
]);
/** The extension of precertificates, which are only for logs (RFC 6962). */
const POISON = "1.3.6.1.4.1.11129.2.4.3";

const RSA = "1.2.840.113549.1.1.1";
const RSA_PSS = "1.2.840.113549.1.1.10";
/**
 * Signature algorithms that clients no longer accept. We leave the judgement about other algorithms
 * to the clients.
 */
const BROKEN_SIGNATURES: Record<string, string | undefined> = {
  "1.2.840.113549.1.1.2": "MD2",
  "1.2.840.113549.1.1.3": "MD4",
  "1.2.840.113549.1.1.4": "MD5",
  "1.2.840.113549.1.1.5": "SHA-1",
  "1.2.840.10040.4.3": "SHA-1",
  "1.2.840.10045.4.1": "SHA-1",
  "1.3.14.3.2.3": "MD5",
  "1.3.14.3.2.27": "SHA-1",
  "1.3.14.3.2.29": "SHA-1",
};
const BROKEN_HASHES: Record<string, string | undefined> = {
  "1.2.840.113549.2.2": "MD2",
  "1.2.840.113549.2.4": "MD4",
  "1.2.840.113549.2.5": "MD5",
  "1.3.14.3.2.26": "SHA-1",
};

/**
 * Why clients would refuse a TLS server's certificate with these issuers (RFC 5280, RFC 8446
 * section 4.4.2), as the end of a sentence; undefined if there is no known reason. Does not check
 * names, keys and issuing: `flawOf` does. Use it only for certificates from a CA: those in use
 * already work.
 */
export function flawForServer(path: readonly X509Certificate[]): string | undefined {
  if (path.length > MOST_CERTIFICATES)
    return `it comes as ${path.length} certificates, and clients take no more than ${MOST_CERTIFICATES}`;
  const bytes = path.reduce((sum, { raw }) => sum + raw.length, 0);
  if (bytes > MOST_BYTES)
    return `it has ${bytes} bytes with its chain, and clients take no more than ${MOST_BYTES}`;
  for (const [place, certificate] of path.entries()) {
    const who = place === 0 ? "it" : `certificate ${place + 1} of its chain`;
    const flaw = flawAt(place, certificate, place === path.length - 1);
    if (flaw !== undefined) return `${who} ${flaw}`;
  }
  return undefined;
}

function flawAt(place: number, certificate: X509Certificate, last: boolean): string | undefined {
  try {
    const parsed = AsnConvert.parse(certificate.raw, Certificate);
    const isRoot = last && place > 0 && certificate.checkIssued(certificate);
    return (
      flawOfAny(parsed) ??
      (isRoot ? undefined : flawOfSignature(parsed)) ??
      (place === 0 ? flawOfLeaf(parsed) : flawOfIssuer(parsed)) ??
      (isRoot ? undefined : flawOfPlace(parsed, place))
    );
  } catch {
    return "is damaged";
  }
}

function flawOfAny(certificate: Certificate): string | undefined {
  const extensions = extensionsOf(certificate);
  const ids = extensions.map(({ extnID }) => extnID);
  if (ids.includes(POISON)) return "is a precertificate, which is for logs and not for servers";
  const twice = ids.find((id, place) => ids.indexOf(id) < place);
  if (twice !== undefined) return `has the extension ${twice} twice`;
  const odd = extensions.find(({ critical, extnID }) => critical && !KNOWN_CRITICAL.has(extnID));
  if (odd !== undefined) return `has a critical extension that clients do not know (${odd.extnID})`;
  const uses = valueOf(certificate, id_ce_extKeyUsage, ExtendedKeyUsage);
  return uses === undefined || uses.includes(id_kp_serverAuth)
    ? undefined
    : "is not for TLS servers: its extended key usage lacks serverAuth";
}

function flawOfSignature({
  signatureAlgorithm: { algorithm, parameters },
}: Certificate): string | undefined {
  const broken = algorithm === RSA_PSS ? brokenHash(parameters) : BROKEN_SIGNATURES[algorithm];
  return broken && `is signed with ${broken}, which clients do not accept`;
}

/** RSASSA-PSS-params (RFC 4055 section 3.1). The default hash is SHA-1. */
class PssParameters {
  hash?: AlgorithmIdentifier;
  mask?: ArrayBuffer;
  salt?: ArrayBuffer;
  trailer?: ArrayBuffer;
}
AsnType({ type: AsnTypeTypes.Sequence })(PssParameters);
for (const [context, member] of ["hash", "mask", "salt", "trailer"].entries())
  AsnProp({
    type: context === 0 ? AlgorithmIdentifier : AsnPropTypes.Any,
    context,
    optional: true,
  })(PssParameters.prototype, member);

function brokenHash(parameters: AlgorithmIdentifier["parameters"]): string | undefined {
  const { hash } = parameters ? AsnConvert.parse(parameters, PssParameters) : new PssParameters();
  return hash === undefined ? "SHA-1" : BROKEN_HASHES[hash.algorithm];
}

function flawOfLeaf(certificate: Certificate): string | undefined {
  if (isCa(certificate)) return "is a CA's (CA:TRUE) and not a server's";
  const { algorithm } = certificate.tbsCertificate.subjectPublicKeyInfo;
  const usable =
    KeyUsageFlags.digitalSignature |
    (algorithm.algorithm === RSA ? KeyUsageFlags.keyEncipherment : 0);
  const usage = valueOf(certificate, id_ce_keyUsage, KeyUsage)?.toNumber();
  if (usage !== undefined && (usage & usable) === 0)
    return "is not for TLS servers: its key usage lacks digitalSignature";
  const names = valueOf(certificate, id_ce_subjectAltName, SubjectAlternativeName);
  const isStrange = names?.some(
    ({ dNSName, iPAddress }) => dNSName === undefined && iPAddress === undefined,
  );
  return isStrange
    ? "is for more than the names that were ordered: it has one that is neither a DNS name nor an IP address"
    : undefined;
}

function flawOfIssuer(certificate: Certificate): string | undefined {
  if (!isCa(certificate)) return "may not issue certificates (no CA:TRUE)";
  const usage = valueOf(certificate, id_ce_keyUsage, KeyUsage)?.toNumber();
  return usage !== undefined && (usage & KeyUsageFlags.keyCertSign) === 0
    ? "may not issue certificates (its key usage lacks keyCertSign)"
    : undefined;
}

/**
 * How many CAs may be between an issuer and the leaf (RFC 5280 section 4.2.1.9). Clients ignore a
 * root's own limit.
 */
function flawOfPlace(certificate: Certificate, place: number): string | undefined {
  const most = constraintsOf(certificate)?.pathLenConstraint;
  return place > 0 && most !== undefined && place - 1 > most
    ? `allows ${most} CAs below it, and there are ${place - 1}`
    : undefined;
}

function isCa(certificate: Certificate): boolean {
  return constraintsOf(certificate)?.cA ?? false;
}

function constraintsOf(certificate: Certificate): BasicConstraints | undefined {
  return valueOf(certificate, id_ce_basicConstraints, BasicConstraints);
}

function extensionsOf({ tbsCertificate }: Certificate): Extension[] {
  return tbsCertificate.extensions ? [...tbsCertificate.extensions] : [];
}

function valueOf<T>(certificate: Certificate, id: string, type: new () => T): T | undefined {
  const found = extensionsOf(certificate).find(({ extnID }) => extnID === id);
  return found && AsnConvert.parse(found.extnValue, type);
}
