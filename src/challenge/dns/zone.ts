import { randomUUID } from "node:crypto";
import { AppError } from "../../errors.ts";
import { type Ask, type Server, serverAt } from "./resolver.ts";

/** A zone of DNS, and its authoritative servers. */
export interface Zone {
  name: string;
  servers: readonly Server[];
}

/** Where a TXT record belongs. */
export interface Location {
  /** The name, without a final dot. */
  fqdn: string;
  /** The zone above the name, if we found one whose servers answer. */
  zone: Zone | undefined;
}

/** Looks up zones. */
export interface Zones {
  /** The zone with exactly this name; undefined if there is none. */
  at(name: string): Promise<Zone | undefined>;
  /** Follows CNAME records to their end. Rejects if DNS does not answer. */
  locate(name: string): Promise<Location>;
}

/** A longer chain of aliases must be a loop. */
const MOST_ALIASES = 10;

export function openZones(ask: Ask, servers: readonly Server[]): Zones {
  const mute = new Set<string>();
  // The names of an order share most lookups.
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
    // An alias is never a zone: these servers belong to its target (RFC 1034 section 3.6.2).
    if (hosts.length === 0 || aliases.length > 0) return undefined;
    const families = await Promise.all(
      (["resolve4", "resolve6"] as const).map((family) =>
        Promise.all(hosts.map((host) => serversAt(host, family))),
      ),
    );
    return { name, servers: families.flat(2) };
  }

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
   * Asks the servers of the zone, and others only if those fail. Other servers would cache that the
   * name does not exist, just before we create it.
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

/**
 * The target of an alias; undefined if it comes from a wildcard record: a record at the name itself
 * replaces that.
 */
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
