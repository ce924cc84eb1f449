import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface Relay extends AsyncDisposable {
  /** Changes a URL of the server so that it goes through the relay. */
  through(url: string): string;
}

/**
 * Puts a server at a distance: a TCP relay that adds a round trip (milliseconds). A new connection
 * takes one round trip, as a TCP handshake does. Each byte takes half of one in its direction.
 */
export async function startRelay(port: number, roundTrip: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port, host: "127.0.0.1", noDelay: true });
    const open = Date.now() + roundTrip;
    carry(near, far, { half: roundTrip / 2, open });
    carry(far, near, { half: roundTrip / 2, open });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port: own } = server.address() as AddressInfo;
  return {
    through(url) {
      const moved = new URL(url);
      moved.port = String(own);
      return moved.href;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}

/** Delays data, and the end of the stream, without changing the order. */
function carry(from: Socket, to: Socket, { half, open }: { half: number; open: number }): void {
  const later = (act: () => void) => {
    setTimeout(act, Math.max(0, open - Date.now()) + half);
  };
  from.on("data", (part) => {
    later(() => {
      if (!to.destroyed) to.write(part);
    });
  });
  from.on("end", () => {
    later(() => to.end());
  });
  from.on("error", () => to.destroy());
  from.on("close", () => {
    later(() => to.destroy());
  });
}
