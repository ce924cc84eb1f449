import type { ZoneQueue } from "../challenge/dns/queue.ts";
import type { Responder } from "../challenge/responder.ts";
import type { Method } from "../core/method.ts";
import { once } from "../once.ts";
import type { Process } from "./network.ts";

type Host = Pick<Process, "env" | "emit" | "linger">;

/** Opens the responder for a method. Modules are loaded on demand. */
export async function openResponder(
  method: Method,
  host: Host,
  queueOf: () => Promise<ZoneQueue> = openQueue,
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
      const { openDns01 } = await import("../challenge/dns/dns-01.ts");
      const { openProvider } = await import("../challenge/dns/providers.ts");
      const { provider, propagation, env } = method;
      const records = await openProvider(provider, {
        ...host,
        env: { ...host.env, ...env },
        timeout: propagation.timeout,
      });
      return openDns01(records, propagation, { ...host, queue: await queueOf() });
    }
  }
}

async function openQueue(): Promise<ZoneQueue> {
  const { openZoneQueue } = await import("../challenge/dns/queue.ts");
  return openZoneQueue();
}

/** One responder serves many targets, so each event carries the name that the CA asked about. */
function emitFor({ emit }: Host): Process["emit"] {
  return (event) => {
    emit(event, event.type === "answered" ? event.name : undefined);
  };
}

/**
 * Responders for many targets. There is one for each address; it stays open until this is disposed
 * of. The responders for dns-01 share a queue, as targets may have the same zone and provider.
 */
export function shareResponders(host: Host) {
  const listening = new Map<string, Promise<Responder>>();
  let queue: Promise<ZoneQueue> | undefined;
  return {
    open: async (method: Method): Promise<Responder> => {
      if (method.kind !== "standalone")
        return openResponder(method, host, () => (queue ??= openQueue()));
      const { host: address, port } = method.listen;
      const responder = await once(listening, `${address} ${port}`, () =>
        openResponder(method, { ...host, emit: emitFor(host) }),
      );
      return { ...responder, [Symbol.asyncDispose]: () => Promise.resolve() };
    },
    async [Symbol.asyncDispose]() {
      for (const responder of listening.values()) await (await responder)[Symbol.asyncDispose]();
    },
  };
}
