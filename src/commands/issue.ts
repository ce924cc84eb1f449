import type { Responder } from "../challenge/responder.ts";
import { fulfil } from "../core/fulfil.ts";
import type { Emit, Outcome } from "../core/outcome.ts";
import type { Method, Target } from "../core/target.ts";
import { type Network, type Process, surroundingsOf } from "./network.ts";

/** Gets or renews the certificate of one target when that is due. */
export async function issue(
  target: Target,
  network: Network,
  host: Process,
): Promise<Outcome[]> {
  const outcome = await fulfil(target, {
    ...(await surroundingsOf(network, host)),
    openResponder: (method) => openResponder(method, host.emit),
  });
  return [outcome];
}

async function openResponder(method: Method, emit: Emit): Promise<Responder> {
  switch (method.kind) {
    case "standalone": {
      const { openStandalone } = await import("../challenge/standalone.ts");
      return openStandalone(method.listen, emit);
    }
    case "webroot": {
      const { openWebroot } = await import("../challenge/webroot.ts");
      return openWebroot(method.roots);
    }
  }
}
