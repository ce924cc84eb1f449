import { randomUUID } from "node:crypto";
import { AppError } from "../../errors.ts";
import { type Ask, type Server, serverAt } from "./resolver.ts";

/** The part of DNS that one set of servers answers for. */
export interface Zone {
  name: string;
  servers: readonly Server[];
}

/** Where a TXT record belongs. */
export interface Location {
  /** Without a dot at its end. */
  fqdn: string;
  /** The zone above it, where one could be found whose servers answer. */
  zone: Zone | undefined;
}

/** What can be found out about names, by way of servers that know or ask the others. */
export interface Zones {
  /** The zone that this name is the top of. */
  at(name: string): Promise<Zone | undefined>;
  /** Follows CNAME records from a name to where they end. Rejects when DNS cannot be asked. */
  locate(name: string): Promise<Location>;
}

/** Longer chains are no set-up, but a loop. */
const MOST_ALIASES = 10;

export function openZones(ask: Ask, servers: readonly Server[]): Zones {
  const mute = new Set<string>();
  // The names of an order share most of what is asked for.
  const known = new Map<string, Promise<Zone | undefined>>();
  const at = (name: string) => {
    const found = known.get(name) ?? findZone(name);
    known.set(name, found);
    return found;
  };

  async function findZone(name: string): Promise<Zone | undefined> {
    const [hosts, aliases] = await Promise.all([
      ask(servers, (resolver) => resolver.resolveNs(name)),
      ask(servers, (resolver) => resolver.resolveCname(name)),
    ]);
    // An alias is the top of no zone: these are the servers of what it stands for (RFC 1034 section 3.6.2).
    if (hosts.length === 0 || aliases.length > 0) return undefined;
    const families = await Promise.all(
      (["resolve4", "resolve6"] as const).map((family) =>
        Promise.all(hosts.map((host) => serversAt(host, family))),
      ),
    );
    return { name, servers: families.flat(2) };
  }

  /** A server without an address is one that nobody can ask. */
  async function serversAt(host: string, family: "resolve4" | "resolve6") {
    const addresses = await ask(servers, (resolver) => resolver[family](host)).catch(() => []);
    return addresses.map((address) => serverAt(host, address));
  }

  async function zoneAbove(name: string): Promise<Zone | undefined> {
    for (let each = parentOf(name); each !== ""; each = parentOf(each)) {
      const zone = await at(each);
      if (zone !== undefined) return zone;
    }
    return undefined;
  }

  async function locate(name: string): Promise<Location> {
    let fqdn = name;
    for (let step = 0; step <= MOST_ALIASES; step += 1) {
      const { alias, zone } = await aliasOf(fqdn);
      if (alias === undefined) return { fqdn, zone };
      fqdn = alias;
    }
    throw new AppError(
      "dns-failed",
      `${name} is an alias (CNAME) of ${fqdn}, but after ${MOST_ALIASES} aliases there is still no end.`,
      { hint: "Look for a loop of CNAME records." },
    );
  }

  /**
   * The servers of the zone are asked, and others only where that fails: they would
   * remember that there is no such name, just when there is going to be one.
   */
  async function aliasOf(fqdn: string) {
    const zone = await zoneAbove(fqdn).catch(() => undefined);
    if (zone !== undefined && zone.servers.length > 0 && !mute.has(zone.name))
      try {
        return { alias: await realAlias(fqdn, ask, zone.servers), zone };
      } catch {
        mute.add(zone.name);
      }
    return { alias: await realAlias(fqdn, ask, servers), zone: undefined };
  }

  return { at, locate };
}

/** What a name is an alias of, unless only a wildcard record says so, whose place a record of its own takes. */
async function realAlias(
  name: string,
  ask: Ask,
  servers: readonly Server[],
): Promise<string | undefined> {
  const aliasOf = async (each: string) => {
    const [end] = await ask(servers, (resolver) => resolver.resolveCname(each));
    return end?.toLowerCase();
  };
  const alias = await aliasOf(name);
  if (alias === undefined) return undefined;
  const stranger = `_acme-challenge-${randomUUID()}.${parentOf(name)}`;
  return alias === (await aliasOf(stranger)) ? undefined : alias;
}

function parentOf(name: string): string {
  const dot = name.indexOf(".");
  return dot < 0 ? "" : name.slice(dot + 1);
}
