import { execFileSync } from "node:child_process";
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface MadeBundle {
  key: KeyObject;
  leaf: X509Certificate;
  chain: X509Certificate[];
}

interface Wish {
  names?: string[];
  /** May be a fraction. */
  days?: number;
  /** Bits of an RSA key; P-256 without. */
  rsa?: number;
  /** IP addresses beside the names. */
  addresses?: string[];
  /** Made anew until this holds. */
  until?: (made: MadeBundle) => boolean;
}

const DAY = 24 * 60 * 60 * 1000;

/** Of a CA that signs whatever it is asked for, in the folder that `openssl ca` runs in. */
export const CA_CONFIGURATION = `[ca]
default_ca = any
[any]
database = index.txt
new_certs_dir = .
default_md = sha256
rand_serial = yes
policy = any_name
copy_extensions = copy
[any_name]
commonName = optional
`;

/** A moment as `openssl ca` takes it. */
export const stamp = (time: number) =>
  `${new Date(time).toISOString().replace(/\D/g, "").slice(0, 14)}Z`;

const ECDSA_WITH_SHA256 = Buffer.from("06082a8648ce3d040302", "hex");
const NOBODY_KNOWS = Buffer.from("06082a8648ce3d04037f", "hex");

/** A PEM chain whose first certificate says that its signature is of an algorithm that nobody knows. */
export function unverifiable(pem: string): string {
  const [leaf = "", ...issuers] = pem.split(/(?<=END CERTIFICATE-----\n)/);
  const der = Buffer.from(new X509Certificate(leaf).raw);
  for (let at = 0; (at = der.indexOf(ECDSA_WITH_SHA256, at)) >= 0;) NOBODY_KNOWS.copy(der, at);
  return [new X509Certificate(der).toString(), ...issuers].join("");
}

/** A certificate for the names, valid from now on, with its issuer as its chain; made with openssl. */
export function makeBundle({
  names = ["a.test"],
  days = 90,
  rsa,
  addresses = [],
  until = () => true,
}: Wish = {}): MadeBundle {
  const now = Date.now();
  const dir = mkdtempSync(join(tmpdir(), "acme-sidecar-certs-"));
  const openssl = (...args: string[]) =>
    execFileSync("openssl", args, {
      cwd: dir,
      stdio: ["ignore", "pipe", "ignore"],
    });
  const newkey = rsa === undefined ? ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] : [`rsa:${rsa}`];
  try {
    openssl(
      ...[
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=test CA",
      ],
      ...["-keyout", "ca.key", "-out", "ca.pem", "-days", "3650"],
    );
    const entries = [
      ...names.map((name) => `DNS:${name}`),
      ...addresses.map((address) => `IP:${address}`),
    ];
    writeFileSync(join(dir, "san"), `subjectAltName=${entries.join(",")}\n`);
    writeFileSync(join(dir, "ca.cnf"), CA_CONFIGURATION);
    for (;;) {
      writeFileSync(join(dir, "index.txt"), "");
      openssl(
        "req",
        "-new",
        "-newkey",
        ...newkey,
        "-nodes",
        "-subj",
        "/CN=leaf",
        "-keyout",
        "leaf.key",
        "-out",
        "leaf.csr",
      );
      openssl(
        ...["ca", "-batch", "-config", "ca.cnf", "-notext"],
        ...["-cert", "ca.pem", "-keyfile", "ca.key", "-extfile", "san"],
        ...["-startdate", stamp(now), "-enddate", stamp(now + days * DAY)],
        ...["-in", "leaf.csr", "-out", "leaf.pem"],
      );
      const made = {
        key: createPrivateKey(readFileSync(join(dir, "leaf.key"))),
        leaf: new X509Certificate(readFileSync(join(dir, "leaf.pem"))),
        chain: [new X509Certificate(readFileSync(join(dir, "ca.pem")))],
      };
      if (until(made)) return made;
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
}
