import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import express, { type Response } from "express";

/**
 * Maps the path of a request, exactly as it was sent, to the text of the answer. The request tells
 * who asks.
 */
export type Lookup = (path: string, request: IncomingMessage) => string | undefined;

export interface Listen {
  /** An IP address. `::` also accepts IPv4, and works on a host without IPv6. */
  host: string;
  port: number;
}

export interface Serving {
  port: number;
  /** Stops listening and drops every connection. */
  close(): Promise<void>;
}

/**
 * Limits in bytes and milliseconds, against clients that are slow or send too much. Normal clients
 * stay far below.
 */
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
    const text = asked ? lookup(request.url ?? "", request) : undefined;
    // Express is several times slower, and has its own error pages. Most requests are junk, so
    // answer those without it.
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
  // Do not wait for the rest of a body.
  if (!request.complete) response.setHeader("Connection", "close");
  response.statusCode = 404;
  response.end();
}

/**
 * If there are too many connections, drops the one that has been idle for longest. So idle
 * connections cannot lock out others.
 */
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
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (host !== "::" || (code !== "EAFNOSUPPORT" && code !== "EADDRNOTAVAIL")) throw error;
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
