import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { tempDir } from "../test/support/temp.ts";
import { nameOf } from "./names.ts";

// One openssl process for each certificate, all with one key: 1,000 take about ten seconds.
const MAKE = `
set -e
ec='ec -pkeyopt ec_paramgen_curve:P-256'
openssl req -x509 -newkey $ec -nodes -subj '/CN=bench CA' -days 3650 -keyout ca.key -out ca.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem
while read -r id name; do
    openssl req -x509 -CA ca.pem -CAkey ca.key -key key.pem -subj "/CN=$name" -days 90 \\
        -addext "subjectAltName=DNS:$name" -addext basicConstraints=critical,CA:FALSE -out "$id.pem"
done
`;
const STATE = ".acme-sidecar.json";

/** A folder with a certificate from this program, and the id in its files. */
export interface Template {
  dir: string;
  id: string;
}

/**
 * Copies a folder. Each copy has a certificate for its own name, valid for 90 days. The recorded
 * state is copied too: the CA, and when to ask it again.
 */
export async function copySets(
  template: Template,
  ids: readonly string[],
  folderOf: (id: string) => string,
): Promise<void> {
  await using temp = tempDir();
  const made = (file: string) => readFileSync(join(temp.path, file), "utf8");
  execFileSync("sh", ["-c", MAKE], {
    cwd: temp.path,
    input: ids.map((id) => `${id} ${nameOf(id)}\n`).join(""),
    stdio: ["pipe", "ignore", "pipe"],
  });
  const [key, chain] = [made("key.pem"), made("ca.pem")];
  const old = readFileSync(join(template.dir, "cert.pem"));
  for (const id of ids) {
    const dir = folderOf(id);
    cpSync(template.dir, dir, { recursive: true });
    const cert = made(`${id}.pem`);
    const put = (file: string, text: string) => {
      writeFileSync(join(dir, file), text);
    };
    put("key.pem", key);
    put("cert.pem", cert);
    put("chain.pem", chain);
    put("fullchain.pem", cert + chain);
    if (!existsSync(join(dir, STATE))) continue;
    const state = readFileSync(join(dir, STATE), "utf8")
      .replaceAll(fingerprint(old), fingerprint(cert))
      .replaceAll(template.id, id);
    put(STATE, state);
  }
}

const fingerprint = (pem: string | Buffer) => new X509Certificate(pem).fingerprint256;

/**
 * Copies certbot's files of one certificate under other names. Only folders and configuration get
 * the new name: certbot reads nothing else if no certificate is due.
 */
export function copyLineage(dir: string, name: string, others: readonly string[]): void {
  const files = [join("renewal", `${name}.conf`)];
  for (const place of ["archive", "live"]) {
    const folder = join(place, name);
    files.push(...readdirSync(join(dir, folder)).map((at) => join(folder, at)));
  }
  for (const other of others) {
    for (const file of files) {
      const [from, to] = [file, file.replaceAll(name, other)].map((path) => join(dir, path)) as [
        string,
        string,
      ];
      mkdirSync(dirname(to), { recursive: true });
      if (lstatSync(from).isSymbolicLink()) {
        symlinkSync(readlinkSync(from).replaceAll(name, other), to);
      } else {
        const text = readFileSync(from, "utf8").replaceAll(name, other);
        writeFileSync(to, text, { mode: lstatSync(from).mode });
      }
    }
  }
}
