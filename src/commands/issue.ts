import { fulfil } from "../core/fulfil.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Draft } from "../core/target.ts";
import { runContextOf } from "./network.ts";
import { openResponder } from "./responders.ts";
import type { Host, Run } from "./run.ts";
import { readSecrets } from "./secrets.ts";

interface Issue {
  target: Draft;
  /** Delete the certificate again. */
  dryRun: boolean;
}

/** Gets or renews the certificate of one target if it is due. */
export const run: Run<Issue> = async ({ target, dryRun }, host) => {
  if (!dryRun) return { outcomes: [await issue(target, host)] };
  const trial = await import("./dry-run.ts");
  return { outcomes: [await trial.dryRun(target, (draft) => issue(draft, host))] };
};

async function issue(draft: Draft, host: Host): Promise<Outcome> {
  return fulfil(await readSecrets(draft), {
    ...(await runContextOf(host.network, host)),
    openResponder: (method) => openResponder(method, host),
  });
}
