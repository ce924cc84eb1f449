import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { certificateId } from "../../src/acme/renewal-info.ts";
import { tempDir } from "../support/temp.ts";

/** The DER of a certificate with this serial number and, if wanted, its issuer's key identifier. */
function certificate(dir: string, serial: string, withIssuer: boolean): Buffer {
  const extension = withIssuer
    ? [...["-addext", "authorityKeyIdentifier=keyid:always"]]
    : ["-addext", "authorityKeyIdentifier=none"];
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-nodes", "-subj", "/CN=x"],
      ...["-pkeyopt", "ec_paramgen_curve:P-256", "-set_serial", serial],
      ...["-keyout", "key.pem", "-out", "cert.pem", ...extension],
    ],
    { cwd: dir, stdio: "ignore" },
  );
  return new X509Certificate(readFileSync(join(dir, "cert.pem"))).raw;
}

for (const [serial, encoded] of [
  // RFC 9773 section 4.1 has this one: a leading zero keeps it positive.
  ["0x8765432100", "AIdlQyEA"],
  ["0x87654321", "AIdlQyE"],
  ["0x7f", "fw"],
] as const)
  test(`the serial ${serial} is ${encoded} in a certificate's identifier`, async () => {
    await using dir = tempDir();
    const [issuer, number] = certificateId(certificate(dir.path, serial, true))?.split(".") ?? [];
    assert.equal(number, encoded);
    const text = execFileSync(
      "openssl",
      ["x509", "-in", "cert.pem", "-noout", "-ext", "authorityKeyIdentifier"],
      { cwd: dir.path, encoding: "utf8" },
    );
    const hex = /((?:[0-9A-F]{2}:){19}[0-9A-F]{2})/.exec(text)?.[1] ?? "";
    const bytes = Buffer.from(hex.replaceAll(":", ""), "hex");
    assert.equal(issuer, bytes.toString("base64url"));
  });

test("a certificate that does not name its issuer's key has no identifier", async () => {
  await using dir = tempDir();
  assert.equal(certificateId(certificate(dir.path, "1", false)), undefined);
});
