import { openAsk, serversOf, systemServers } from "../challenge/dns/resolver.ts";
import { baseOf, isWildcard, kindOf, type Name } from "../name.ts";
import { once } from "../once.ts";
import { askAuthority } from "./authority.ts";
import { judgeCaa, openCaa } from "./caa.ts";
import { explain } from "./explain.ts";
import type { Cause, Finding } from "./observation.ts";
import type { CheckContext, Dns, Question } from "./question.ts";
import { visitAll } from "./visits.ts";
import { zonesOf } from "./zones.ts";

/** What was found for a name at one address, or without any. `ok`: nothing. */
export interface Verdict {
  address: string | undefined;
  cause: Cause | "ok";
}

export interface Checked {
  name: Name;
  verdicts: readonly Verdict[];
}

export interface Report {
  names: readonly Checked[];
  findings: readonly Finding[];
}

/** Whether the CA would fail for a name. */
export function doesFail({ findings }: Report): boolean {
  return findings.some(({ level }) => level === "fails");
}

/**
 * Looks at names as a CA will do. Rejects if it is interrupted, or cannot find the DNS servers that
 * the user named.
 */
export async function check(question: Question, context: CheckContext): Promise<Report> {
  const { names, way, from } = question;
  const dns = await openDns(question, context);
  const [authority, places] = await Promise.all([
    once(context.authorities, from, () => askAuthority(from, context)),
    way === "dns" ? zonesOf(names, dns) : visitAll(question, dns, context),
  ]);
  const issuer = {
    identities: authority.identities,
    challenge: way === "dns" ? "dns-01" : "http-01",
  } as const;
  const find = openCaa(dns.ask, dns.servers);
  // Where DNS does not know a name, CAA records tell nothing more.
  const unknown = new Set(
    places.observations.map(({ name, address }) => (address === undefined ? name : undefined)),
  );
  const wanted = names.filter((name) => kindOf(name) === "dns" && !unknown.has(name));
  const forbidden = await Promise.all(
    (authority.reached ? wanted : []).map(async (name) => {
      const asked = { name: baseOf(name), isWildcard: isWildcard(name) };
      const seen = await judgeCaa(asked, issuer, find);
      return seen ? [{ way, name, ...seen }] : [];
    }),
  );
  context.signal.throwIfAborted();
  const observations = [
    ...authority.seen.map((seen) => ({ way, ...seen })),
    ...places.observations,
    ...forbidden.flat(),
  ];
  const findings = observations.map(explain);
  const byName = Map.groupBy(findings, ({ name }) => name);
  const all = byName.get(undefined)?.find(({ level }) => level === "fails");
  return {
    findings,
    names: names.map((name) => ({
      name,
      verdicts: verdictsOf(places.addresses.get(name) ?? [], byName.get(name) ?? [], all),
    })),
  };
}

/** `all`: what makes every name fail. */
function verdictsOf(
  addresses: readonly string[],
  about: readonly Finding[],
  all: Finding | undefined,
): Verdict[] {
  const placed = addresses.map((address) => ({
    address,
    cause: about.find((each) => each.address === address)?.cause ?? ("ok" as const),
  }));
  const others = about
    .filter(({ address }) => address === undefined)
    .map(({ cause }) => ({ address: undefined, cause }));
  const verdicts = [...placed, ...others];
  return verdicts.length > 0 ? verdicts : [{ address: undefined, cause: all?.cause ?? "ok" }];
}

async function openDns({ resolvers }: Question, { signal }: CheckContext): Promise<Dns> {
  const servers = resolvers.length > 0 ? await serversOf(resolvers) : systemServers();
  return { ask: openAsk(signal), servers };
}
