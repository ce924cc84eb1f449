import { openZones } from "../challenge/dns/zone.ts";
import { baseOf, type Name } from "../name.ts";
import type { Dns, Places } from "./question.ts";
import { addressesOf, reasonOf } from "./names.ts";
import type { Observation } from "./observation.ts";

/** Whether the zones in which TXT records belong have name servers that answer. */
export async function zonesOf(names: readonly Name[], dns: Dns): Promise<Places> {
  const zones = openZones(dns.ask, dns.servers);
  const seen = await Promise.all(
    names.map(async (name): Promise<Observation[]> => {
      const common = { way: "dns", name } as const;
      try {
        const { zone } = await zones.locate(`_acme-challenge.${baseOf(name)}`);
        return zone === undefined ? [{ ...common, cause: "no-zone" }] : [];
      } catch (error) {
        // Where DNS fails for the record, it may be the signatures.
        const found = await addressesOf(baseOf(name), dns);
        if (found.kind === "none" && found.cause === "dnssec-broken")
          return [{ ...common, cause: found.cause }];
        return [{ ...common, cause: "dns-failed", detail: reasonOf(error) }];
      }
    }),
  );
  return { addresses: new Map(), observations: seen.flat() };
}
