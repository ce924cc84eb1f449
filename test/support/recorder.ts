import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, createServer, request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { buffer } from "node:stream/consumers";
import { decodeJws, kindOf, type Answer, type Exchange, type Kind } from "./exchange.ts";
import { faults, type Fault, type Injection, type Rule } from "./faults.ts";
import type { Pebble } from "./pebble.ts";
import { freePort } from "./ports.ts";
import { tls } from "./tls.ts";

export { problem, type Exchange, type Kind } from "./exchange.ts";
export type { Rule } from "./faults.ts";

export interface Recorder extends AsyncDisposable {
  directoryUrl: string;
  /** PEM file of the CA to trust for its HTTPS. */
  caFile: string;
  /** All requests so far, by arrival. */
  requests: Exchange[];
  count(kind?: Kind): number;
  /** As `count`, without nonces and what came too early for an order: how much there is of that depends on how fast the CA is. */
  steps(): number;
  inject(rule: Rule): Injection;
}

export interface RecorderOptions {
  /** What it offers by ALPN, the best first; it can speak HTTP/1.1 alone. */
  protocols?: string[];
}

type Upstream = Pick<Pebble, "directoryUrl" | "caFile">;

/**
 * An HTTPS proxy in front of Pebble that remembers every request and spoils the
 * answers it is told to spoil. Host is forwarded as it is: all URLs that Pebble
 * gives out lead to the recorder.
 */
export async function startRecorder(
  pebble: Upstream,
  { protocols = ["http/1.1"] }: RecorderOptions = {},
): Promise<Recorder> {
  const { caFile, certFile, keyFile } = await tls();
  const upstream = connectTo(pebble, await readFile(pebble.caFile));
  const port = await freePort();
  const rules = faults();
  const requests: Exchange[] = [];
  const sockets = new Map<number | undefined, Socket>();

  const serve = async (message: IncomingMessage, response: ServerResponse) => {
    const arrived = Date.now();
    const text = (await buffer(message)).toString();
    const exchange = describe(message, text, arrived);
    requests.push(exchange);
    const fault = rules.for(exchange);
    const raw = sockets.get(message.socket.remotePort);
    const outcome = await decide(fault, exchange, () => upstream.send(message, text));
    await deliver(outcome, { exchange, response, raw });
  };
  const decide = async (
    fault: Fault | undefined,
    exchange: Exchange,
    forward: () => Promise<Answer>,
  ): Promise<Outcome> => {
    if (fault === undefined) return forward();
    if ("answer" in fault) {
      const nonce = fault.withNonce ? await upstream.nonce() : {};
      return whole({ headers: nonce }, fault.answer);
    }
    if ("hang" in fault) {
      if (fault.hang === "after") await forward();
      return "hang";
    }
    if ("reset" in fault) {
      if (fault.reset === "after") await forward();
      return "reset";
    }
    const answer = await forward();
    if ("truncate" in fault) return { ...answer, keep: fault.truncate };
    if ("write" in fault) return { ...answer, write: fault.write };
    return whole(answer, await fault.alter(structuredClone(answer), exchange));
  };

  const server = createServer(
    { cert: await readFile(certFile), key: await readFile(keyFile), ALPNProtocols: protocols },
    (message, response) => {
      serve(message, response).catch((error: unknown) => {
        console.error("recorder:", error);
        if (!response.headersSent) response.writeHead(502);
        response.end(String(error));
      });
    },
  );
  server.on("connection", (socket: Socket) => {
    const { remotePort } = socket;
    sockets.set(remotePort, socket);
    socket.on("close", () => sockets.delete(remotePort));
  });
  // One that a failed test forgot must not keep the process.
  server.listen(port, "127.0.0.1").unref();
  await once(server, "listening");
  return {
    directoryUrl: `https://localhost:${port}/dir`,
    caFile,
    requests,
    count: (kind) => requests.filter((one) => kind === undefined || one.kind === kind).length,
    steps: () => requests.filter((one) => one.kind !== "new-nonce" && !isTooEarly(one)).length,
    inject: (rule) => rules.inject(rule),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      upstream.close();
      await once(server, "close");
    },
  };
}

function isTooEarly({ kind, answer }: Exchange): boolean {
  const body = answer?.body ?? "";
  return kind === "order"
    ? /"status": "(pending|ready|processing)"/.test(body)
    : kind === "finalize" && body.includes("orderNotReady");
}

type Outcome = (Answer & { keep?: number; write?: Writer }) | "hang" | "reset";
type Writer = Extract<Fault, { write: unknown }>["write"];

interface Delivery {
  exchange: Exchange;
  response: ServerResponse;
  raw: Socket | undefined;
}

async function deliver(outcome: Outcome, to: Delivery): Promise<void> {
  const { exchange, response, raw } = to;
  if (response.destroyed) return;
  if (outcome === "hang") {
    await once(response, "close");
    return;
  }
  if (outcome === "reset") {
    raw?.resetAndDestroy();
    return;
  }
  const { keep, write, ...answer } = outcome;
  if (write !== undefined) {
    await write(response, answer);
    return;
  }
  const bytes = Buffer.from(answer.body);
  if (exchange.method !== "HEAD") {
    answer.headers["content-length"] ??= String(bytes.length);
  }
  exchange.status = answer.status;
  response.writeHead(answer.status, answer.headers);
  if (keep === undefined) {
    exchange.answer = answer;
    exchange.until = Date.now();
    response.end(bytes);
  } else {
    response.write(bytes.subarray(0, keep), () => raw?.destroy());
  }
}

function whole(base: Partial<Answer>, change: Partial<Answer>): Answer {
  const headers = { ...base.headers, ...change.headers };
  return { status: 200, body: "", ...base, ...change, headers };
}

function describe(message: IncomingMessage, text: string, at: number): Exchange {
  const { method = "", url: path = "", headers } = message;
  // As in any server of node:https.
  const { alpnProtocol: alpn } = message.socket as Partial<TLSSocket>;
  const body = decodeJws(text);
  return {
    method,
    path,
    url: `https://${headers.host ?? ""}${path}`,
    kind: kindOf(path),
    at,
    headers,
    alpn,
    ...(body && { body }),
  };
}

const PER_CONNECTION = ["connection", "keep-alive", "transfer-encoding"];

function connectTo({ directoryUrl }: Upstream, ca: Buffer) {
  const { hostname, port } = new URL(directoryUrl);
  const agent = new Agent({ keepAlive: true, ca, servername: hostname });
  const send = async (
    { method, url: path, headers }: Partial<IncomingMessage>,
    body = "",
  ): Promise<Answer> => {
    const sent = httpsRequest({
      ...{ agent, hostname, port, method, path },
      headers: without(PER_CONNECTION, headers ?? {}),
    }).end(body);
    const [message] = (await once(sent, "response")) as [IncomingMessage];
    const bytes = await buffer(message);
    const skipped = [...PER_CONNECTION, "content-length"];
    return {
      status: message.statusCode ?? 0,
      headers: without(skipped, message.headersDistinct),
      body: bytes.toString(),
    };
  };
  return {
    send,
    async nonce(): Promise<Answer["headers"]> {
      const headers = { "user-agent": "acme-sidecar-test" };
      const ask = { method: "HEAD", url: "/nonce-plz", headers };
      const { "replay-nonce": nonce = "" } = (await send(ask)).headers;
      return { "replay-nonce": nonce };
    },
    close() {
      agent.destroy();
    },
  };
}

function without(
  names: string[],
  headers: Record<string, string | string[] | undefined>,
): Record<string, string | string[]> {
  const kept = Object.entries(headers).filter(([name]) => !names.includes(name));
  return Object.fromEntries(kept) as Record<string, string | string[]>;
}
