import { Agent, request } from "node:https";
import { createSecureContext, rootCertificates } from "node:tls";
import { AppError, messageOf, systemCode } from "../errors.ts";
import { SECOND } from "../time.ts";
import { addressOf } from "./protocol.ts";

export interface HttpOptions {
  /** PEM roots trusted beside the built-in ones. */
  roots?: string | undefined;
  userAgent: string;
  /** Where HTTPS_PROXY and NO_PROXY are looked up; the first, where there is one, is an http or https URL. */
  proxyEnv: Record<string, string | undefined>;
  /** Ends every request that is under way; its reason is thrown. */
  signal: AbortSignal;
  emit: (event: HttpEvent) => void;
}

export interface HttpEvent {
  type: "request";
  method: string;
  url: string;
  /** Zero when no answer came. */
  status: number;
  /** Milliseconds from sending to the end of the answer. */
  took: number;
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
/** Far above the longest chain or directory any CA sends. */
const LONGEST_ANSWER = 1024 * 1024;

/**
 * Makes requests to one CA over kept-alive connections. A request that gets no
 * complete answer rejects with an AppError that says why; every status is an answer.
 */
export function openHttp(options: HttpOptions): Http {
  const { roots, proxyEnv } = options;
  // Made once: each connection would parse all of them again.
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
        outgoing.once("response", (incoming) => {
          // Node.js takes an answer to HEAD without a length for one that the end of the connection ends.
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
      // The error itself only tells that the request was aborted.
      throw unreachable(target, timeout.aborted ? timeout.reason : error);
    } finally {
      const took = performance.now() - started;
      options.emit({ type: "request", method, url, status, took });
    }
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
