/**
 * Writes a set of files whose certificate has ended, so that a run of the program in its folder goes all
 * the way to the CA. The image's build makes the compile cache by such a run.
 */
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crypto } from "acme-client";

const [dir = "warm"] = process.argv.slice(2);
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const key = privateKey.export({ type: "pkcs8", format: "pem" });
const [, made] = await crypto.createAlpnCertificate(
  {
    identifier: { type: "dns", value: "warm.test" },
    status: "pending",
    challenges: [],
    url: "",
  },
  "",
  key,
);
const certificate = made.toString();
mkdirSync(dir, { recursive: true });
const files = {
  "key.pem": key,
  "cert.pem": certificate,
  "chain.pem": certificate,
  "fullchain.pem": `${certificate}${certificate}`,
};
for (const [name, text] of Object.entries(files))
  writeFileSync(join(dir, name), text);
