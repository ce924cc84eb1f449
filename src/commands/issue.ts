import { fulfil } from "../core/fulfil.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Target } from "../core/target.ts";
import { readBinding } from "./binding.ts";
import { type Network, type Process, surroundingsOf } from "./network.ts";
import { openResponder } from "./responders.ts";
import { readPassword } from "./password.ts";

/** Gets or renews the certificate of one target when that is due. */
export async function issue(
  target: Target,
  network: Network,
  host: Process,
): Promise<Outcome[]> {
  const outcome = await fulfil(await withSecrets(target), {
    ...(await surroundingsOf(network, host)),
    openResponder: (method) => openResponder(method, host),
  });
  return [outcome];
}

/** The target with what its files of secrets hold. Throws `usage`. */
export async function withSecrets(target: Target): Promise<Target> {
  const binding = await readBinding(target.ask.binding);
  const keep = await readPassword(target.keep);
  return { ...target, ask: { ...target.ask, binding }, keep };
}
