import type { CaaRecord } from "node:dns";
import type { Ask, Server } from "../challenge/dns/resolver.ts";
import { once } from "../once.ts";
import { reasonOf } from "./names.ts";
import type { Observation } from "./observation.ts";

/** What CAA records are compared with (RFC 8659, RFC 8657). */
export interface Issuer {
  /** The names by which the CA looks for itself; empty if it does not say. */
  identities: readonly string[];
  challenge: "http-01" | "dns-01";
}

export type FindCaa = (
  name: string,
) => Promise<{ domain: string; records: readonly CaaRecord[] } | undefined>;

/** Finds the CAA records that count for a name: the first ones on the way up (RFC 8659 section 3). */
export function openCaa(ask: Ask, servers: readonly Server[]): FindCaa {
  // Names share most domains above them.
  const known = new Map<string, Promise<CaaRecord[]>>();
  const recordsOf = (domain: string) =>
    once(known, domain, () => ask(servers, (resolver) => resolver.resolveCaa(domain)));
  return async (name) => {
    for (let domain = name; domain !== ""; domain = domain.replace(/^[^.]*\.?/, "")) {
      const records = await recordsOf(domain);
      if (records.length > 0) return { domain, records };
    }
    return undefined;
  };
}

/** What the CAA records of a name mean for a CA; undefined: nothing against it. */
export async function judgeCaa(
  { name, isWildcard }: { name: string; isWildcard: boolean },
  issuer: Issuer,
  find: FindCaa,
): Promise<Pick<Observation, "cause" | "detail"> | undefined> {
  try {
    const found = await find(name);
    const unknown = found?.records.find(isUnknownAndCritical);
    if (found !== undefined && unknown !== undefined)
      return {
        cause: "caa-forbids",
        detail: `${found.domain} has a critical one of a kind that no CA knows`,
      };
    const wanted = found && wantedOf(found.records, isWildcard);
    if (found === undefined || wanted === undefined) return undefined;
    const said = wanted.map((value) => `"${value}"`).join(", ");
    const detail = `${found.domain} has ${said}`;
    if (issuer.identities.length === 0) return { cause: "caa-unknown", detail };
    return wanted.some((value) => allows(value, issuer))
      ? undefined
      : { cause: "caa-forbids", detail };
  } catch (error) {
    return { cause: "caa-failed", detail: reasonOf(error) };
  }
}

/** The properties that CAs know (RFC 8659, RFC 9495, and the registry of IANA). */
const KNOWN = [
  "issue",
  "issuewild",
  "issuemail",
  "issuevmc",
  "iodef",
  "contactemail",
  "contactphone",
];

/** A record that forbids every CA to issue that does not know it (RFC 8659 section 4.1). */
function isUnknownAndCritical({ critical, ...properties }: CaaRecord): boolean {
  // Node.js adds a type to the record's own property.
  const names = Object.keys(properties).filter((name) => name !== "type");
  return critical !== 0 && names.some((name) => !KNOWN.includes(name.toLowerCase()));
}

/** The values that name CAs; undefined if any CA may issue. */
function wantedOf(records: readonly CaaRecord[], isWildcard: boolean): string[] | undefined {
  const valuesOf = (tag: "issue" | "issuewild") =>
    records.flatMap((record) => (typeof record[tag] === "string" ? record[tag] : []));
  const wild = isWildcard ? valuesOf("issuewild") : [];
  const values = wild.length > 0 ? wild : valuesOf("issue");
  return values.length > 0 ? values : undefined;
}

/** Whether a value such as `ca.example; validationmethods=dns-01` allows the CA this challenge. */
function allows(value: string, { identities, challenge }: Issuer): boolean {
  const [domain = "", ...parameters] = value.split(";").map((part) => part.trim());
  const isNamed = identities.some((each) => each.toLowerCase() === domain.toLowerCase());
  const methods = parameters
    .map((each) => /^validationmethods\s*=\s*(.*)$/i.exec(each)?.[1])
    .find((each) => each !== undefined);
  return (
    isNamed &&
    (methods === undefined || methods.split(",").some((each) => each.trim() === challenge))
  );
}
