import { getServers, lookup, Resolver } from "node:dns/promises";
import { isIPv6 } from "node:net";
import pLimit from "p-limit";
import { AppError, messageOf, systemCode } from "../../errors.ts";

/** A server that answers questions about DNS: how people call it, and IP:PORT. */
export interface Server {
  name: string;
  address: string;
}

export interface HostPort {
  host: string;
  port: number;
}

/** Asks servers one question: the next when one does not answer. */
export type Ask = <T>(
  servers: readonly Server[],
  question: (resolver: Resolver) => Promise<T[]>,
) => Promise<T[]>;

/** For one server and one try, in milliseconds; the second try gets about twice as much. */
const PATIENCE = 1_500;
const TRIES = 2;
/** For a whole question, whatever the number of servers, in milliseconds. */
const LONGEST_QUESTION = 10_000;
/** Every question takes a socket. */
const MOST_QUESTIONS = 20;

/**
 * Asks what stands in DNS. What is not there is an empty answer; a server that does
 * not answer, or not to the point, is an error with c-ares' code.
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
  // One for each question: it remembers no answers, and is cancelled as a whole.
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

/** Those that this system asks. */
export function systemServers(): Server[] {
  return getServers().map((address) => ({ name: address, address }));
}

/** The servers that somebody named, each with every address it has. */
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

/** How a server is called in messages. */
export function showServer({ name, address }: Server): string {
  const where = address.replace(/:53$/, "");
  const plain = where.replace(/^\[(.*)\]$/, "$1");
  return where.includes(name) ? where : `${name} (${plain})`;
}
