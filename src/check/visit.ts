import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP } from "node:net";
import { TLSSocket } from "node:tls";
import { CHALLENGE_PATH } from "../challenge/responder.ts";
import { systemCode } from "../errors.ts";
import type { Name } from "../name.ts";
import { SECOND } from "../time.ts";
import { isPrivate } from "./networks.ts";

/** What one web server answered. All of it is bounded, and none of it is trusted. */
export interface Answer {
  kind: "answer";
  status: number;
  headers: IncomingMessage["headers"];
  /** The start of the body. */
  body: string;
}

/** How a visit ended. */
export type End =
  | Answer
  /** There was no answer. `code` is the system's, or that of the HTTP parser, or `TIMEOUT`. */
  | { kind: "unreachable"; code: string }
  /** More redirects than a CA follows. */
  | { kind: "loop" }
  /** A redirect that no CA follows. */
  | { kind: "forbidden"; to: string }
  /** A redirect from a public address to a host with a private one. */
  | { kind: "inside"; host: string }
  /** A redirect to a host that DNS does not know. */
  | { kind: "lost"; host: string };

/** One address of a name, asked for the answer as a CA does (RFC 8555 section 8.3). */
export interface Visit {
  name: Name;
  /** The address that was asked first. */
  address: string;
  /** The URL at the end, if redirects led there. */
  url: string | undefined;
  end: End;
  /** Why the certificate of an https server on the way is not good. */
  certificate: string | undefined;
}

export interface VisitContext {
  signal: AbortSignal;
  userAgent: string;
  /** The addresses of a host that a redirect leads to. */
  addressesOf: (host: string) => Promise<readonly string[]>;
}

/** The limit for one address with all of its redirects, in milliseconds. */
const PATIENCE = 10 * SECOND;
const MOST_REDIRECTS = 10;
/** In bytes. An answer is shorter than 200. */
const LONGEST_BODY = 2 * 1024;
const LONGEST_HEAD = 8 * 1024;
/** The redirects that a CA may follow (CA/Browser Forum Baseline Requirements 3.2.2.4.19). */
const REDIRECTS = [301, 302, 307, 308];
const PORTS: Record<string, number | undefined> = { "http:": 80, "https:": 443 };

interface Stop {
  url: URL;
  address: string;
}

/** Asks one address of a name for a token. Rejects only after an interruption. */
export async function visit(
  { name, address, token }: { name: Name; address: string; token: string },
  context: VisitContext,
): Promise<Visit> {
  const limit = AbortSignal.timeout(PATIENCE);
  const signal = AbortSignal.any([context.signal, limit]);
  const start = new URL(`http://${isIP(name) === 6 ? `[${name}]` : name}${CHALLENGE_PATH}${token}`);
  let stop: Stop = { url: start, address };
  let certificate: string | undefined;
  let end: End | undefined;
  for (let redirects = 0; end === undefined; redirects += 1) {
    try {
      const { answer, flaw } = await ask(stop, { ...context, signal });
      certificate ??= flaw;
      const location = REDIRECTS.includes(answer.status) ? answer.headers.location : undefined;
      const next = location === undefined ? answer : await follow(stop, location, context);
      if ("kind" in next) end = next;
      else if (redirects === MOST_REDIRECTS) end = { kind: "loop" };
      else stop = next;
    } catch (error) {
      context.signal.throwIfAborted();
      end = { kind: "unreachable", code: limit.aborted ? "TIMEOUT" : codeOf(error) };
    }
  }
  const url = stop.url === start ? undefined : stop.url.href;
  return { name, address, url, end, certificate };
}

function codeOf(error: unknown): string {
  return systemCode(error) ?? (error instanceof Error ? error.message : String(error));
}

/** Where a redirect leads, or why the visit ends there. */
async function follow(
  { url, address }: Stop,
  location: string,
  { addressesOf }: VisitContext,
): Promise<Stop | End> {
  const next = URL.parse(location, url);
  if (next === null || !isAllowed(next)) return { kind: "forbidden", to: next?.href ?? location };
  if (next.hostname === url.hostname) return { url: next, address };
  const all = await addressesOf(next.hostname);
  // Each family of the name is judged by itself, so go on with the same one.
  const found = all.find((each) => isIP(each) === isIP(address)) ?? all[0];
  if (found === undefined) return { kind: "lost", host: next.hostname };
  // A web server on the internet must not make this host ask its own network.
  if (isPrivate(found) && !isPrivate(address)) return { kind: "inside", host: next.hostname };
  return { url: next, address: found };
}

/** Whether a CA follows a redirect there. */
function isAllowed({ protocol, port, hostname, username, password }: URL): boolean {
  const known = PORTS[protocol];
  const usual = port === "" || port === "80" || port === "443";
  const isName = isIP(hostname) === 0 && !hostname.startsWith("[");
  return known !== undefined && usual && isName && username === "" && password === "";
}

/** Asks one address. `flaw`: what is wrong with its certificate, of which CAs take no notice. */
function ask(
  { url, address }: Stop,
  { signal, userAgent }: Pick<VisitContext, "signal" | "userAgent">,
): Promise<{ answer: Answer; flaw: string | undefined }> {
  const isSecure = url.protocol === "https:";
  const common = {
    ...{ host: address, path: url.pathname + url.search, signal, agent: false as const },
    port: Number(url.port) || PORTS[url.protocol],
    headers: { Host: url.host, "User-Agent": userAgent, Accept: "*/*", Connection: "close" },
    maxHeaderSize: LONGEST_HEAD,
  };
  return new Promise((resolve, reject) => {
    const outgoing = isSecure
      ? requestHttps({ ...common, servername: url.hostname, rejectUnauthorized: false })
      : requestHttp(common);
    outgoing.on("error", reject);
    outgoing.once("response", (incoming) => {
      const { statusCode: status = 0, headers } = incoming;
      const flaw = flawOf(incoming);
      const parts: Buffer[] = [];
      let length = 0;
      const finish = () => {
        const body = Buffer.concat(parts).toString("utf8", 0, LONGEST_BODY);
        resolve({ answer: { kind: "answer", status, headers, body }, flaw });
        outgoing.destroy();
      };
      incoming.on("data", (part: Buffer) => {
        parts.push(part);
        length += part.length;
        if (length >= LONGEST_BODY) finish();
      });
      incoming.once("end", finish);
      incoming.on("error", reject);
    });
    outgoing.end();
  });
}

function flawOf({ socket }: IncomingMessage): string | undefined {
  if (!(socket instanceof TLSSocket) || socket.authorized) return undefined;
  return String(socket.authorizationError);
}
