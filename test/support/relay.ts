import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface RelayOptions {
  /** In milliseconds. A connection takes one to be made, as TCP's own handshake does, and every byte half of one in each direction. */
  roundTrip: number;
  /** What happens to a connection; it is carried, if nothing else. */
  fate?: (connection: Arrival) => Fate;
}

interface Arrival {
  /** Which of all connections it is, from 1. */
  nth: number;
  /** How many others are open. */
  beside: number;
}

export type Fate =
  | "carried"
  /** Accepted, and never answered. */
  | "silent"
  /** A TCP reset when so many parts have come from the client: none is before the TLS handshake, one is within it. */
  | { resetAfter: number };

export interface Relay extends AsyncDisposable {
  /** What the server's URLs become, to reach it through the relay. */
  through(url: string): string;
  /** Resets all connections that are open. */
  cut(): void;
  /** How many connections there were so far. */
  connections(): number;
}

/** Puts a server on this machine far away: a TCP relay that adds a round trip, and may lose connections. */
export async function startRelay(
  port: number,
  { roundTrip, fate = () => "carried" }: RelayOptions,
): Promise<Relay> {
  const open = new Set<Socket>();
  const far = new Set<Socket>();
  let nth = 0;

  const server = createServer({ noDelay: true }, (near) => {
    nth += 1;
    const lot = fate({ nth, beside: open.size });
    keep(near, open);
    near.on("error", () => near.destroy());
    if (lot === "silent") near.resume();
    else if (lot === "carried") join(near);
    else resetAfter(near, lot.resetAfter);
  });

  function join(near: Socket): void {
    const other = connect({ port, host: "127.0.0.1", noDelay: true });
    keep(other, far);
    const way = { half: roundTrip / 2, open: Date.now() + roundTrip };
    carry(near, other, way);
    carry(other, near, way);
  }

  function resetAfter(near: Socket, parts: number): void {
    let left = parts;
    const count = () => {
      if (left === 0) near.resetAndDestroy();
      left -= 1;
    };
    count();
    near.on("data", count);
    if (parts > 0) join(near);
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port: own } = server.address() as AddressInfo;
  return {
    through(url) {
      const moved = new URL(url);
      moved.port = String(own);
      return moved.href;
    },
    cut() {
      for (const socket of open) socket.resetAndDestroy();
    },
    connections: () => nth,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of [...open, ...far]) socket.destroy();
      await once(server, "close");
    },
  };
}

function keep(socket: Socket, sockets: Set<Socket>): void {
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
}

interface Way {
  /** Milliseconds from one end to the other. */
  half: number;
  /** When the connection is made. */
  open: number;
}

/** Keeps the order of what arrives, its end included. */
function carry(from: Socket, to: Socket, { half, open }: Way): void {
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
