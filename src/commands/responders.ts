import type { Responder } from "../challenge/responder.ts";
import type { Method } from "../core/target.ts";
import { once } from "../once.ts";
import type { Process } from "./network.ts";

/** Opens what answers the CA by a method; loaded when it is first needed. */
export async function openResponder(method: Method, host: Process): Promise<Responder> {
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

/** Questions are told of with the name they are for, as one target's among many. */
function emitFor({ emit }: Process): Process["emit"] {
  return (event) => {
    emit(event, event.type === "answered" ? event.name : undefined);
  };
}

/** Responders for many targets: one for each address, which stays open until all of them are closed. */
export function shareResponders(host: Process) {
  const listening = new Map<string, Promise<Responder>>();
  return {
    open: async (method: Method): Promise<Responder> => {
      if (method.kind !== "standalone") return openResponder(method, host);
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
