import { sleep } from "../../time.ts";
import { systemCode } from "../../errors.ts";
import { cut } from "../../causes.ts";
import { shown } from "../../shown.ts";
import type { TxtState } from "../evidence.ts";
import type { Lack } from "../responder.ts";
import { type Ask, type HostPort, type Server, showServer } from "./resolver.ts";

/** How to wait until TXT records are visible. */
export interface Propagation {
  /**
   * The limit for one call of the provider, and for the wait for its name servers, in milliseconds.
   */
  timeout: number;
  /**
   * Wait for this many milliseconds instead of asking. Undefined: the provider's own time, or ask.
   */
  wait?: number | undefined;
  /** Servers to ask instead of the authoritative ones. */
  resolvers: readonly HostPort[];
}

/** The values that a name must have, and the servers that must have them. */
export interface Wanted {
  fqdn: string;
  values: readonly string[];
  servers: readonly Server[];
}

interface Watch {
  server: Server;
  open: Set<Wanted>;
  silent: boolean;
}

interface Asking {
  ask: Ask;
  signal: AbortSignal;
  /** Called once with the servers that lack a record, if there are any. */
  waiting: (servers: string[]) => void;
}

/** The shortest and longest pause between two looks, in milliseconds. */
const SHORTEST_PAUSE = 250;
const LONGEST_PAUSE = 4_000;

/**
 * Asks each server for its TXT records until all servers have all of them, or until `limit`
 * milliseconds are over. Returns what is missing. If one server of a name has the records, silent
 * ones do not matter: IPv6 servers are silent to a host without IPv6.
 */
export async function propagated(
  wanted: readonly Wanted[],
  limit: number,
  { ask, signal, waiting }: Asking,
): Promise<Lack[]> {
  const deadline = performance.now() + limit;
  const watches = watchesOf(wanted);
  for (let pause = 0; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    const open = watches.filter(({ open }) => open.size > 0);
    await Promise.all(open.map((watch) => look(watch, ask, signal)));
    if (isSeen(wanted, watches)) return [];
    const left = deadline - performance.now();
    if (left <= 0) return lacksOf(watches);
    if (pause === 0) {
      const lacking = new Set(lacksOf(watches).map(({ server }) => server));
      waiting([...lacking]);
      pause = SHORTEST_PAUSE;
    }
    await sleep(Math.min(pause, left), signal);
  }
}

function watchesOf(wanted: readonly Wanted[]): Watch[] {
  const watches = new Map<string, Watch>();
  for (const record of wanted)
    for (const server of record.servers) {
      const watch = watches.get(server.address) ?? {
        server,
        open: new Set(),
        silent: false,
      };
      watch.open.add(record);
      watches.set(server.address, watch);
    }
  return [...watches.values()];
}

/** Asks one server, one question at a time. Stops when the server does not answer. */
async function look(watch: Watch, ask: Ask, signal: AbortSignal): Promise<void> {
  watch.silent = false;
  for (const record of watch.open) {
    try {
      const texts = await textsAt(watch.server, record.fqdn, ask);
      if (record.values.every((value) => texts.includes(value))) watch.open.delete(record);
    } catch (error) {
      signal.throwIfAborted();
      if (systemCode(error) === undefined) throw error;
      watch.silent = true;
      return;
    }
  }
}

async function textsAt(server: Server, fqdn: string, ask: Ask): Promise<string[]> {
  const found = await ask([server], (resolver) => resolver.resolveTxt(fqdn));
  return found.map((parts) => parts.join(""));
}

/** The limits of what is told about one name; more would not be read. */
const MOST_SERVERS = 8;
const MOST_VALUES = 5;
const LONGEST_VALUE = 100;

/**
 * The values that servers have for a name now, the wanted one first. A server without an answer has
 * no `values`.
 */
export async function valuesAt(
  { fqdn, servers }: Wanted,
  wanted: string,
  ask: Ask,
): Promise<TxtState["servers"]> {
  return Promise.all(
    servers.slice(0, MOST_SERVERS).map(async (each) => {
      const server = showServer(each);
      try {
        const texts = await textsAt(each, fqdn, ask);
        texts.sort((a, b) => Number(b === wanted) - Number(a === wanted));
        const values = texts.slice(0, MOST_VALUES).map((text) => shown(cut(text, LONGEST_VALUE)));
        return { server, values };
      } catch {
        return { server };
      }
    }),
  );
}

function isSeen(wanted: readonly Wanted[], watches: readonly Watch[]) {
  const lacking = watches.some(({ open, silent }) => open.size > 0 && !silent);
  return (
    !lacking &&
    wanted.every(
      (record) =>
        record.servers.length === 0 ||
        watches.some(
          ({ server, open }) =>
            !open.has(record) && record.servers.some(({ address }) => address === server.address),
        ),
    )
  );
}

function lacksOf(watches: readonly Watch[]): Lack[] {
  return watches.flatMap(({ server, open, silent }) =>
    [...open].map(({ fqdn }) => ({ server: showServer(server), fqdn, silent })),
  );
}
