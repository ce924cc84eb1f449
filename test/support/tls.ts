import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./process.ts";
import { tempDir } from "./temp.ts";
import { requireTool } from "./tools.ts";

/** Paths of PEM files. */
export interface Tls {
  caFile: string;
  certFile: string;
  keyFile: string;
}

const OPENSSL_CONFIG = `
[req]
distinguished_name = dn
prompt = no
[dn]
CN = acme-sidecar test
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
`;

let made: Promise<Tls> | undefined;

/** A throw-away CA and its certificate for localhost, 127.0.0.1 and ::1: one of each per process. */
export function tls(): Promise<Tls> {
  made ??= make();
  return made;
}

async function make(): Promise<Tls> {
  const { path } = tempDir();
  const file = (name: string) => join(path, name);
  const config = file("openssl.cnf");
  await writeFile(config, OPENSSL_CONFIG);
  const issue = (name: string, ...how: string[]) =>
    run(requireTool("openssl"), [
      ...["req", "-x509", "-config", config, "-extensions", name],
      ...["-subj", `/CN=acme-sidecar test ${name}`, "-days", "30", "-nodes"],
      ...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
      ...["-keyout", file(`${name}.key`), "-out", file(`${name}.pem`), ...how],
    ]);
  await issue("ca");
  await issue("server", "-CA", file("ca.pem"), "-CAkey", file("ca.key"));
  return {
    caFile: file("ca.pem"),
    certFile: file("server.pem"),
    keyFile: file("server.key"),
  };
}
