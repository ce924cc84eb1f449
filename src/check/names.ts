import { isIPv6 } from "node:net";
import type { Ask, Server } from "../challenge/dns/resolver.ts";
import { messageOf, systemCode } from "../errors.ts";
import type { Cause } from "./observation.ts";

/** The addresses of a name, or why there are none. */
export type Addresses =
  { kind: "found"; addresses: readonly string[] } | { kind: "none"; cause: Cause; detail?: string };

/** A hostile zone could have hundreds. */
const MOST_ADDRESSES = 8;

/** In words, what DNS answered instead of records. */
const REASONS: Record<string, string | undefined> = {
  ESERVFAIL: "its name servers fail (SERVFAIL)",
  EREFUSED: "the DNS server refuses to answer",
  ETIMEOUT: "no DNS server answers in time",
  ECANCELLED: "no DNS server answers in time",
  ECONNREFUSED: "no DNS server can be reached",
};

/** Why DNS gave no answer, as the end of a sentence. */
export function reasonOf(error: unknown): string {
  return REASONS[systemCode(error) ?? ""] ?? messageOf(error);
}

type Found = { address: string } | { missing: true };

/** Looks up the A and AAAA records of a name, without the hosts file, which a CA does not have. */
export async function addressesOf(
  name: string,
  { ask, servers }: { ask: Ask; servers: readonly Server[] },
): Promise<Addresses> {
  const look = (family: "resolve6" | "resolve4") =>
    ask<Found>(servers, async (resolver) => {
      try {
        return (await resolver[family](name)).map((address) => ({ address }));
      } catch (error) {
        if (systemCode(error) === "ENOTFOUND") return [{ missing: true }];
        throw error;
      }
    });
  const settled = await Promise.allSettled([look("resolve6"), look("resolve4")]);
  const found = settled.flatMap((each) => (each.status === "fulfilled" ? each.value : []));
  const addresses = found.flatMap((each) => ("address" in each ? each.address : []));
  if (addresses.length > 0) return { kind: "found", addresses: some(addresses) };
  const failed = settled.find((each) => each.status === "rejected");
  if (failed !== undefined) return failure(failed.reason, name, servers);
  return { kind: "none", cause: found.length > 0 ? "no-name" : "no-address" };
}

/** A few addresses of each family, IPv6 first. */
function some(addresses: readonly string[]): string[] {
  const of = (isWanted: (address: string) => boolean) =>
    addresses.filter(isWanted).slice(0, MOST_ADDRESSES / 2);
  return [...of(isIPv6), ...of((address) => !isIPv6(address))];
}

async function failure(
  error: unknown,
  name: string,
  servers: readonly Server[],
): Promise<Addresses> {
  if (systemCode(error) === "ESERVFAIL") {
    // Few need this, so the package that it needs is loaded only here.
    const { isSignatureBroken } = await import("./dnssec.ts");
    if (await isSignatureBroken(name, servers)) return { kind: "none", cause: "dnssec-broken" };
  }
  return { kind: "none", cause: "dns-failed", detail: reasonOf(error) };
}
