import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isIPv6, type AddressInfo, type Socket } from "node:net";
import express, { type Response } from "express";

/** What is served: the path exactly as it was asked for, to the text of its answer. */
export type Lookup = (path: string) => string | undefined;

export interface Listen {
  /** An IP address; `::` takes IPv4 as well, where the host has IPv6 at all. */
  host: string;
  port: number;
}

export interface Serving {
  port: number;
  /** Stops listening and drops every connection. */
  close(): Promise<void>;
}

/** Bounds (bytes, milliseconds) for clients that are slow or send too much; nothing honest comes near them. */
const LIMITS = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
};
const MOST_CONNECTIONS = 1000;

/**
 * Serves short texts over HTTP. GET and HEAD of a path that `lookup` knows are
 * answered with 200 and `text/plain`; everything else with an empty 404.
 * Resolves when the port is bound; rejects with the system's error if it cannot be.
 */
export async function serve(listen: Listen, lookup: Lookup): Promise<Serving> {
  const app = express();
  app.disable("x-powered-by").disable("etag").set("query parser", false);
  app.use((_request, response: Response<string, { text: string }>) => {
    const { text } = response.locals;
    response.set("Cache-Control", "no-store").type("text/plain").send(text);
  });

  const server = createServer(LIMITS, (request, response) => {
    response.setHeader("X-Content-Type-Options", "nosniff");
    const asked = request.method === "GET" || request.method === "HEAD";
    const text = asked ? lookup(request.url ?? "") : undefined;
    // Express takes several times as long over junk, which is most of what comes, and has pages of its own for some.
    if (text === undefined) refuse(request, response);
    else app(request, Object.assign(response, { locals: { text } }));
  });
  boundConnections(server);
  server.on("clientError", (_error, socket) => socket.destroy());
  await bind(server, listen);
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function refuse(request: IncomingMessage, response: ServerResponse): void {
  // A body that is still arriving is not worth reading.
  if (!request.complete) response.setHeader("Connection", "close");
  response.statusCode = 404;
  response.end();
}

/** Where there are too many, the one goes that has asked nothing for longest, so that idle ones keep nobody out. */
function boundConnections(server: Server): void {
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    const [idlest] = open;
    if (open.size <= MOST_CONNECTIONS || idlest === undefined) return;
    open.delete(idlest);
    idlest.destroy();
  });
  server.on("request", ({ socket }: IncomingMessage) => {
    if (open.delete(socket)) open.add(socket);
  });
}

async function bind(server: Server, { host, port }: Listen): Promise<void> {
  try {
    await listenOn(server, host, port);
  } catch (error) {
    const noIPv6 =
      isIPv6(host) &&
      error instanceof Error &&
      "code" in error &&
      (error.code === "EAFNOSUPPORT" || error.code === "EADDRNOTAVAIL");
    if (!noIPv6 || host !== "::") throw error;
    await listenOn(server, "0.0.0.0", port);
  }
}

function listenOn(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
