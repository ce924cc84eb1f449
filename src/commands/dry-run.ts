import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Outcome } from "../core/outcome.ts";
import type { Draft } from "../core/target.ts";
import { openDirectory } from "../directory/directory.ts";
import { systemCode } from "../errors.ts";
import { readPlace } from "../store/replace.ts";

const ACCOUNT_KEY = "account_key.json";

/** Gets a certificate in a temporary folder, with the set's account key, and deletes it. */
export async function dryRun(
  target: Draft,
  get: (target: Draft) => Promise<Outcome>,
): Promise<Outcome> {
  const dir = await mkdtemp(join(tmpdir(), "acme-sidecar-"));
  try {
    const key = accountKeyIn(target.keep.dir);
    if (key !== undefined) await writeFile(join(dir, ACCOUNT_KEY), key, { mode: 0o600 });
    const outcome = await get({ ...target, keep: { ...target.keep, dir } });
    return {
      ...(outcome.kind === "failed" ? outcome : { kind: "tried", from: target.ask.from }),
      subject: { ...outcome.subject, dir: target.keep.dir },
    };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** A stateless web server answers with this key's thumbprint, so another key would fail. */
function accountKeyIn(dir: string): Buffer | undefined {
  try {
    using folder = openDirectory(dir);
    return readPlace(folder, ACCOUNT_KEY);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
