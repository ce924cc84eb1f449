import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { connect as connectTcp, isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import type { X509Certificate } from "node:crypto";
import { messageOf, systemCode } from "../errors.ts";
import { SECOND, sleep } from "../time.ts";
import type { Obstacle, Seen } from "./judge.ts";

export interface Place {
  /** An IP address. */
  host: string;
  port: number;
}

/** For each look-up and each address. */
const PATIENCE = 10 * SECOND;
/** More than any name in use has. */
const MOST_ADDRESSES = 16;
/** A path has a few certificates; a server may send many, which issue each other in a circle. */
const LONGEST_PATH = 10;

/** The IP addresses of a host; none if it cannot be found. Rejects only after an interruption. */
export async function addressesOf(host: string, signal: AbortSignal): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  using limit = limitOf(signal);
  const found = lookup(host, { all: true, order: "verbatim" }).catch(() => []);
  const late = sleep(PATIENCE, limit.signal).catch(() => undefined);
  const addresses = (await Promise.race([found, late])) ?? [];
  signal.throwIfAborted();
  return [...new Set(addresses.map(({ address }) => address))].slice(0, MOST_ADDRESSES);
}

/** What a server there shows for a name. Rejects only after an interruption. */
export async function probe(name: string, place: Place, signal: AbortSignal): Promise<Seen> {
  using limit = limitOf(signal);
  try {
    return { path: await servedAt(name, place, limit.signal) };
  } catch (error) {
    signal.throwIfAborted();
    if (limit.signal.aborted) return { obstacle: "timeout", why: "" };
    const code = systemCode(error) ?? "";
    const obstacle = OBSTACLES.find(([pattern]) => pattern.test(code))?.[1] ?? "unreachable";
    const plain = obstacle === "no-tls" && (await answersHttp(place, limit.signal));
    signal.throwIfAborted();
    return { obstacle: plain ? "plain-http" : obstacle, why: reasonOf(error) };
  }
}

/** By the code of the error. The order matters. */
const OBSTACLES: readonly [RegExp, Obstacle][] = [
  [/^ECONNREFUSED$/, "refused"],
  [/^ETIMEDOUT$/, "timeout"],
  [/^ERR_SSL_.*(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)$/, "no-tls"],
  [/^ERR_SSL_.*UNRECOGNIZED_NAME$/, "name-unknown"],
  [/^(ERR_SSL_|ERR_TLS_|ECONNRESET$|EPROTO$)/, "handshake"],
];

async function servedAt(
  name: string,
  { host, port }: Place,
  signal: AbortSignal,
): Promise<readonly [X509Certificate, ...X509Certificate[]]> {
  // Trusts nothing: the path must be what the server sent, without certificates from our store.
  const settings = { host, port, rejectUnauthorized: false, ca: [] };
  // A TLS client does not send an address as the server's name (RFC 6066 section 3).
  const socket = connectTls(isIP(name) === 0 ? { ...settings, servername: name } : settings);
  try {
    await once(socket, "secureConnect", { signal });
    const leaf = socket.getPeerX509Certificate();
    if (leaf === undefined) throw new Error("the server sent no certificate");
    const issuers: X509Certificate[] = [];
    for (let next = leaf.issuerCertificate; next; next = next.issuerCertificate) {
      if (issuers.length === LONGEST_PATH || next.checkIssued(next)) break;
      issuers.push(next);
    }
    return [leaf, ...issuers];
  } finally {
    ignoreErrors(socket).destroy();
  }
}

/** Whether a server there answers a request without TLS. */
async function answersHttp({ host, port }: Place, signal: AbortSignal): Promise<boolean> {
  const socket = connectTcp({ host, port });
  try {
    await once(socket, "connect", { signal });
    socket.write("HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    const events = ["data", "close"].map((event) => once(socket, event, { signal }));
    const [start] = (await Promise.race(events)) as unknown[];
    return Buffer.isBuffer(start) && String(start).startsWith("HTTP/");
  } catch {
    return false;
  } finally {
    ignoreErrors(socket).destroy();
  }
}

/** An error after we have seen enough has no meaning, and without a listener it ends the process. */
function ignoreErrors<T extends NodeJS.EventEmitter>(socket: T): T {
  socket.on("error", () => undefined);
  return socket;
}

/** A signal that aborts with another one, or when the time is over. */
function limitOf(signal: AbortSignal): Disposable & { signal: AbortSignal } {
  const over = new AbortController();
  const timer = setTimeout(() => {
    over.abort();
  }, PATIENCE);
  return {
    signal: AbortSignal.any([signal, over.signal]),
    [Symbol.dispose]() {
      clearTimeout(timer);
      over.abort();
    },
  };
}

/** OpenSSL's message has the function, file and line; its reason alone is for people. */
function reasonOf(error: unknown): string {
  const reason = error instanceof Error && "reason" in error ? error.reason : undefined;
  return typeof reason === "string" ? reason : messageOf(error);
}
