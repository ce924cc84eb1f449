import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Outcome } from "../core/outcome.ts";
import type { Draft } from "../core/target.ts";
import { systemCode } from "../errors.ts";
import { issue } from "./issue.ts";
import type { Network, Process } from "./network.ts";

const ACCOUNT_KEY = "account_key.json";

/** Gets a certificate in the name of the account's key, as `issue` does, and throws it away. */
export async function tryOut(target: Draft, network: Network, host: Process): Promise<Outcome[]> {
  const dir = await mkdtemp(join(tmpdir(), "acme-sidecar-"));
  try {
    // A web server may answer with the thumbprint of this very key.
    await copyFile(join(target.keep.dir, ACCOUNT_KEY), join(dir, ACCOUNT_KEY)).catch(
      (error: unknown) => {
        if (systemCode(error) !== "ENOENT") throw error;
      },
    );
    const outcomes = await issue({ ...target, keep: { ...target.keep, dir } }, network, host);
    return outcomes.map((outcome) => ({
      ...(outcome.kind === "failed" ? outcome : { kind: "tried", from: target.ask.from }),
      subject: { ...outcome.subject, dir: target.keep.dir },
    }));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
