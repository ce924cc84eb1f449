import type { Responder } from "../challenge/responder.ts";
import { fulfil } from "../core/fulfil.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Method, Target } from "../core/target.ts";
import { readBinding } from "./binding.ts";
import { type Network, type Process, surroundingsOf } from "./network.ts";

/** Gets or renews the certificate of one target when that is due. */
export async function issue(
  target: Target,
  network: Network,
  host: Process,
): Promise<Outcome[]> {
  const binding = await readBinding(target.ask.binding);
  const wanted = { ...target, ask: { ...target.ask, binding } };
  const outcome = await fulfil(wanted, {
    ...(await surroundingsOf(network, host)),
    openResponder: (method) => openResponder(method, host),
  });
  return [outcome];
}

async function openResponder(
  method: Method,
  host: Process,
): Promise<Responder> {
  switch (method.kind) {
    case "standalone": {
      const { openStandalone } = await import("../challenge/standalone.ts");
      return openStandalone(method.listen, host.emit);
    }
    case "webroot": {
      const { openWebroot } = await import("../challenge/webroot.ts");
      return openWebroot(method.roots);
    }
    case "stateless": {
      const { openStateless } = await import("../challenge/stateless.ts");
      return openStateless();
    }
    case "dns": {
      const { openDnsExec } = await import("../challenge/dns-exec.ts");
      return openDnsExec(method, host);
    }
  }
}
