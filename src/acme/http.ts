import { Agent, request } from "node:https";
import { createSecureContext, rootCertificates } from "node:tls";
import { AppError, messageOf, systemCode } from "../errors.ts";
import { SECOND } from "../time.ts";
import { addressOf } from "./protocol.ts";

export interface HttpOptions {
  /** Roots (PEM) to trust in addition to the built-in ones. */
  roots?: string | undefined;
  userAgent: string;
  /** The environment with HTTPS_PROXY and NO_PROXY. A proxy must be an http or https URL. */
  proxyEnv: Record<string, string | undefined>;
  /** Ends all requests; they throw its reason. */
  signal: AbortSignal;
  emit: (event: HttpEvent) => void;
}

export interface HttpEvent {
  type: "request";
  method: string;
  url: string;
  /** Zero if there was no answer. */
  status: number;
  /** The milliseconds from sending to the end of the answer, with the time to connect. */
  took: number;
  /**
   * The shorter of its waits: for TLS, and for the answer. Each takes a round trip at least, but may
   * end late, as when the program loads meanwhile.
   */
  shortestWait: number;
}

export interface HttpAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

export type Http = (
  method: "GET" | "HEAD" | "POST",
  url: string,
  body?: string,
) => Promise<HttpAnswer>;

const KNOWN_CAUSES: Record<string, string | undefined> = {
  ENOTFOUND: "its name does not resolve",
  EAI_AGAIN: "DNS gave no answer",
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was cut",
};

const TIMEOUT = 30 * SECOND;
/** In bytes; much longer than any chain or directory of a CA. */
const LONGEST_ANSWER = 1024 * 1024;

/**
 * Sends requests to one CA over kept-alive connections. Any status is an answer. Without a complete
 * answer, a request rejects with an AppError that says why.
 */
export function openHttp(options: HttpOptions): Http {
  const { roots, proxyEnv } = options;
  // Made only once: otherwise each connection would parse all roots again.
  const trusted =
    roots === undefined
      ? {}
      : {
          secureContext: createSecureContext({
            ca: [...rootCertificates, roots],
          }),
        };
  const agent = new Agent({ keepAlive: true, proxyEnv, ...trusted });

  return async (method, url, body) => {
    options.signal.throwIfAborted();
    const target = new URL(addressOf(url));
    const started = performance.now();
    const waits = watchWaits(started);
    const timeout = AbortSignal.timeout(TIMEOUT);
    let status = 0;
    try {
      const answer = await new Promise<HttpAnswer>((resolve, reject) => {
        const outgoing = request(target, {
          method,
          agent,
          signal: AbortSignal.any([options.signal, timeout]),
          headers: {
            "User-Agent": options.userAgent,
            ...(body === undefined
              ? {}
              : {
                  "Content-Type": "application/jose+json",
                  "Content-Length": Buffer.byteLength(body),
                }),
          },
        });
        outgoing.once("error", reject);
        outgoing.once("socket", (socket) => {
          if (!socket.connecting) return;
          // A proxy that is near may make the connection, so that is no wait for the CA.
          socket.once("connect", waits.begin).once("secureConnect", waits.end);
        });
        outgoing.once("response", (incoming) => {
          // An answer to HEAD has no body, but without a length Node.js would close the connection.
          if (method === "HEAD" && incoming.headers.connection?.toLowerCase() !== "close")
            outgoing.shouldKeepAlive = true;
          const parts: Buffer[] = [];
          let length = 0;
          incoming.on("data", (part: Buffer) => {
            length += part.length;
            if (length > LONGEST_ANSWER) incoming.destroy(new Error("the answer is too long"));
            else parts.push(part);
          });
          incoming.once("error", reject);
          incoming.once("end", () => {
            resolve({
              status: incoming.statusCode ?? 0,
              headers: incoming.headers,
              text: Buffer.concat(parts).toString("utf8"),
            });
          });
        });
        outgoing.end(body);
      });
      status = answer.status;
      return answer;
    } catch (error) {
      options.signal.throwIfAborted();
      // The error itself only says that the request was aborted.
      throw unreachable(target, timeout.aborted ? timeout.reason : error);
    } finally {
      waits.end();
      const times = { took: performance.now() - started, shortestWait: waits.shortest() };
      options.emit({ type: "request", method, url, status, ...times });
    }
  };
}

/** Waits that follow each other. */
function watchWaits(started: number) {
  let begun = started;
  let shortest = Infinity;
  const begin = () => {
    begun = performance.now();
  };
  return {
    begin,
    end: () => {
      shortest = Math.min(shortest, performance.now() - begun);
      begin();
    },
    shortest: () => shortest,
  };
}

function unreachable(url: URL, cause: unknown): AppError {
  const code = systemCode(cause);
  if (code !== undefined && /CERT|UNABLE_TO_|HOSTNAME|TLS|SSL/.test(code))
    return new AppError(
      "ca-untrusted",
      `The TLS certificate of ${url.host} is not trusted: ${messageOf(cause)}.`,
      {
        hint: "If this is your own CA, name the file with its root certificate in --ca_bundle.",
        scope: "authority",
        cause,
      },
    );
  return new AppError(
    "ca-unreachable",
    `The CA at ${url.host} could not be reached: ${reason(cause, code)}.`,
    {
      hint: "Check the network, DNS and any firewall between here and the CA, then run again.",
      scope: "authority",
      cause,
    },
  );
}

function reason(cause: unknown, code: string | undefined): string {
  if (cause instanceof Error && cause.name === "TimeoutError")
    return `no answer within ${TIMEOUT / SECOND} seconds`;
  return (code && KNOWN_CAUSES[code]) ?? messageOf(cause);
}
