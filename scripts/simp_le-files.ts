/**
 * Makes test/fixtures/simp_le/ again: the real simp_le gets a certificate from a
 * Pebble, and all nine files that it writes are kept as they are.
 *
 *   scripts/setup && node scripts/simp_le-files.ts
 */
import { X509Certificate } from "node:crypto";
import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { FORMAT_NAMES } from "../src/store/formats.ts";
import { startPebble } from "../test/support/pebble.ts";
import { runSimpLe, serveFolder } from "../test/support/real_simp_le.ts";
import { fileFlags } from "../test/support/simp_le.ts";
import { tempDir } from "../test/support/temp.ts";

const TO = join(import.meta.dirname, "../test/fixtures/simp_le");
const NAMES = ["a.test", "www.a.test"];
/** Tests need a certificate that is not due, for many years. */
const LIFE = 25 * 365 * 24 * 60 * 60;

await using pebble = await startPebble({
  profiles: { default: { description: "long", validityPeriod: LIFE } },
  retryAfter: { authz: 0, order: 0 },
});
await using root = tempDir();
await using _web = await serveFolder(root.path, pebble.httpPort);

while (!(await make())) console.error("simp_le cannot read them: once more");

/**
 * Whether simp_le can read its own files: it cuts off white space at the end of a DER file, even if
 * it belongs to the key or certificate.
 */
async function make(): Promise<boolean> {
  await using dir = tempDir();
  const words = [
    ...["--server", pebble.directoryUrl, "--ca_bundle", pebble.caFile],
    ...["--email", "me@example.com"],
    ...["--account_key_size", "2048", "--cert_key_size", "2048"],
    ...["--default_root", root.path],
    ...NAMES.flatMap((name) => ["-d", name]),
    ...fileFlags(),
  ];
  const first = await runSimpLe(words, { cwd: dir.path });
  if (first.code !== 0) throw new Error(first.stderr);
  const second = await runSimpLe(words, { cwd: dir.path });
  if (second.code !== 1) return false;
  for (const name of FORMAT_NAMES) await copyFile(join(dir.path, name), join(TO, name));
  const { validTo } = new X509Certificate(await readFile(join(TO, "cert.pem")));
  console.log(`${FORMAT_NAMES.join(", ")}: good until ${validTo}`);
  return true;
}
