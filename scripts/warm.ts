/**
 * Runs the program in dist/ as far as it gets without a CA, and saves V8's compiled code beside
 * each file. The build of the image uses it, for src/load.ts.
 */
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Script } from "node:vm";
import { crypto } from "acme-client";
import { cacheOf, load } from "../src/load.ts";

const MAIN = resolve("dist/main.js");
/** The exit code if the CA cannot be reached. */
const UNREACHABLE = 2;

const dir = mkdtempSync(join(tmpdir(), "warm-"));
await writeEndedSet();
const scripts = new Map<string, Script>();
process.argv.splice(
  1,
  process.argv.length,
  ...[MAIN, "--certs_dir", dir, "-d", "warm.test"],
  ...["--listen", "127.0.0.1:0", "--server", "https://127.0.0.1:9/"],
);
process.on("exit", (code) => {
  rmSync(dir, { recursive: true });
  process.exitCode = code === UNREACHABLE ? 0 : 1;
  for (const [file, script] of scripts) writeFileSync(cacheOf(file), script.createCachedData());
});
load(MAIN, (file, script) => scripts.set(file, script));

/** A set with an expired certificate, so that a new one is due. */
async function writeEndedSet(): Promise<void> {
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
  const files = {
    "key.pem": key,
    "cert.pem": certificate,
    "chain.pem": certificate,
    "fullchain.pem": `${certificate}${certificate}`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
}
