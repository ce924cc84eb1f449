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
  days?: number;
  /** Bits of an RSA key; P-256 without. */
  rsa?: number;
  /** IP addresses beside the names. */
  addresses?: string[];
  /** Made anew until this holds. */
  until?: (made: MadeBundle) => boolean;
}

/** A certificate for the names, valid from now on, with its issuer as its chain; made with openssl. */
export function makeBundle({
  names = ["a.test"],
  days = 90,
  rsa,
  addresses = [],
  until = () => true,
}: Wish = {}): MadeBundle {
  const dir = mkdtempSync(join(tmpdir(), "acme-sidecar-certs-"));
  const openssl = (...args: string[]) =>
    execFileSync("openssl", args, {
      cwd: dir,
      stdio: ["ignore", "pipe", "ignore"],
    });
  const newkey =
    rsa === undefined
      ? ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
      : [`rsa:${rsa}`];
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
    for (;;) {
      openssl(
        "req",
        "-new",
        "-newkey",
        ...newkey,
        "-nodes",
        "-subj",
        "/",
        "-keyout",
        "leaf.key",
        "-out",
        "leaf.csr",
      );
      openssl(
        ...[
          "x509",
          "-req",
          "-in",
          "leaf.csr",
          "-CA",
          "ca.pem",
          "-CAkey",
          "ca.key",
          "-CAcreateserial",
        ],
        ...["-days", String(days), "-extfile", "san", "-out", "leaf.pem"],
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
