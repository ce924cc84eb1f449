import { getServers, lookup, Resolver } from "node:dns/promises";
import { isIPv6 } from "node:net";
import pLimit from "p-limit";
import { AppError, messageOf, systemCode } from "../../errors.ts";

/** A DNS server: its name for messages, and IP:PORT. */
export interface Server {
  name: string;
  address: string;
}

export interface HostPort {
  host: string;
  port: number;
}

/** Asks servers one question. If one does not answer, it asks the next. */
export type Ask = <T>(
  servers: readonly Server[],
  question: (resolver: Resolver) => Promise<T[]>,
) => Promise<T[]>;

/**
 * The limit for one server and one try, in milliseconds. The second try may take about twice as
 * long.
 */
const PATIENCE = 1_500;
const TRIES = 2;
/** The limit for a question, for all servers together, in milliseconds. */
const LONGEST_QUESTION = 10_000;
/** The limit of questions at once: each needs a socket. */
const MOST_QUESTIONS = 20;

/**
 * Opens `Ask`. If DNS has no such record, the answer is empty. If a server does not answer, or
 * answers with an error, it rejects with c-ares' code.
 */
export function openAsk(signal: AbortSignal): Ask {
  const bounded = pLimit(MOST_QUESTIONS);
  return (servers, question) => bounded(() => put(servers, question, signal));
}

async function put<T>(
  servers: readonly Server[],
  question: (resolver: Resolver) => Promise<T[]>,
  signal: AbortSignal,
): Promise<T[]> {
  signal.throwIfAborted();
  // A new resolver for each question: `cancel` ends all questions of a resolver.
  const resolver = new Resolver({ timeout: PATIENCE, tries: TRIES });
  resolver.setServers(servers.map(({ address }) => address));
  const cancel = () => {
    resolver.cancel();
  };
  const timer = setTimeout(cancel, LONGEST_QUESTION);
  signal.addEventListener("abort", cancel);
  try {
    return await question(resolver);
  } catch (error) {
    signal.throwIfAborted();
    const code = systemCode(error);
    if (code === "ENOTFOUND" || code === "ENODATA") return [];
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", cancel);
  }
}

/** The DNS servers of this system. */
export function systemServers(): Server[] {
  return getServers().map((address) => ({ name: address, address }));
}

/** The servers that the user named, with all of their addresses. Rejects with `dns-failed`. */
export async function serversOf(named: readonly HostPort[]): Promise<Server[]> {
  const found = await Promise.all(
    named.map(async ({ host, port }) => {
      try {
        const addresses = await lookup(host, { all: true });
        return addresses.map(({ address }) => serverAt(host, address, port));
      } catch (error) {
        throw new AppError(
          "dns-failed",
          `The DNS server ${host} cannot be found: ${messageOf(error)}.`,
          { hint: "Give its IP address with --dns_resolvers.", cause: error },
        );
      }
    }),
  );
  return found.flat();
}

export function serverAt(name: string, address: string, port = 53): Server {
  const host = isIPv6(address) ? `[${address}]` : address;
  return { name, address: `${host}:${port}` };
}

/** A server in messages. */
export function showServer({ name, address }: Server): string {
  const where = address.replace(/:53$/, "");
  const plain = where.replace(/^\[(.*)\]$/, "$1");
  return where.includes(name) ? where : `${name} (${plain})`;
}
