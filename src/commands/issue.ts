import { fulfil } from "../core/fulfil.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Draft } from "../core/target.ts";
import { type Network, type Process, runContextOf } from "./network.ts";
import { openResponder } from "./responders.ts";
import { readSecrets } from "./secrets.ts";

/** Gets or renews the certificate of one target when that is due. */
export async function issue(draft: Draft, network: Network, host: Process): Promise<Outcome[]> {
  const outcome = await fulfil(await readSecrets(draft), {
    ...(await runContextOf(network, host)),
    openResponder: (method) => openResponder(method, host),
  });
  return [outcome];
}
