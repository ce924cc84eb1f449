import { readFile } from "node:fs/promises";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { once } from "node:events";
import { buffer } from "node:stream/consumers";

export interface Ask {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** PEM file of the only CA to trust. */
  caFile?: string;
}

export interface Reply {
  status: number;
  /** Names in lower case; one element per header line. */
  headers: Record<string, string[]>;
  body: string;
}

/** One request on a connection of its own; any status is a reply. */
export async function request(url: string, ask: Ask = {}): Promise<Reply> {
  const { method = "GET", body, caFile } = ask;
  const headers = { "User-Agent": "acme-sidecar-test", ...ask.headers };
  const ca = caFile === undefined ? {} : { ca: await readFile(caFile) };
  const secure = url.startsWith("https:");
  const options = { method, headers, agent: false, ...ca };
  const sent = (secure ? httpsRequest : httpRequest)(url, options).end(body);
  const [message] = (await once(sent, "response")) as [IncomingMessage];
  return {
    status: message.statusCode ?? 0,
    headers: message.headersDistinct as Record<string, string[]>,
    body: (await buffer(message)).toString(),
  };
}
