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
}

/** A certificate for the names, valid from now on, with its issuer as its chain; made with openssl. */
export function makeBundle({
  names = ["a.test"],
  days = 90,
  rsa,
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
    writeFileSync(
      join(dir, "san"),
      `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}\n`,
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
    return {
      key: createPrivateKey(readFileSync(join(dir, "leaf.key"))),
      leaf: new X509Certificate(readFileSync(join(dir, "leaf.pem"))),
      chain: [new X509Certificate(readFileSync(join(dir, "ca.pem")))],
    };
  } finally {
    rmSync(dir, { recursive: true });
  }
}
