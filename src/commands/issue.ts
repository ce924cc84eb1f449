import { fulfil } from "../core/fulfil.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Draft } from "../core/target.ts";
import { runContextOf } from "./network.ts";
import { openPreflight, type PreflightWish } from "./preflight.ts";
import { openResponder } from "./responders.ts";
import type { Host, Run } from "./run.ts";
import { readSecrets } from "./secrets.ts";

interface Issue {
  target: Draft;
  /** Delete the certificate again. */
  dryRun: boolean;
  preflight: PreflightWish | undefined;
}

/** Gets or renews the certificate of one target if it is due. */
export const run: Run<Issue> = async ({ target, dryRun, preflight }, host) => {
  const get = (draft: Draft) => issue(draft, preflight, host);
  if (!dryRun) return { outcomes: [await get(target)] };
  const trial = await import("./dry-run.ts");
  return { outcomes: [await trial.dryRun(target, get)] };
};

async function issue(
  draft: Draft,
  preflight: PreflightWish | undefined,
  host: Host,
): Promise<Outcome> {
  return fulfil(await readSecrets(draft), {
    ...(await runContextOf(host.network, host)),
    openResponder: (method) => openResponder(method, host),
    preflight: openPreflight(preflight),
  });
}
