import {
  answersOf,
  has,
  isRight,
  lackingIn,
  type Reason,
  serversOf,
  shortName,
  valuesIn,
} from "./findings.ts";

export const LOOK_DNS =
  "During a run, look up the TXT record of _acme-challenge.NAME (follow a CNAME) at the zone's public name servers. If it is missing, check the program that sets it; if it is late, raise --dns_wait.";

/** The rows of the table about dns-01 and what we saw in DNS. */
export const TXT_REASONS: readonly Reason[] = [
  {
    cause: "txt-alias",
    when: ({ seen }) => seen.record?.alias !== undefined,
    says: ({ seen }) =>
      `The CA follows an alias (CNAME) to ${shortName(seen.record?.alias)}, but the TXT record was set at ${shortName(seen.record?.fqdn)}.`,
    remedy:
      "Run again. If it happens again, name DNS servers that know the alias with --dns_resolvers, or remove the alias.",
  },
  {
    cause: "txt-missing",
    when: ({ seen }) =>
      answersOf(seen).length > 0 && answersOf(seen).every(({ values }) => values.length === 0),
    says: ({ seen }) =>
      `${serversOf(seen)} ${has(seen)} no TXT record of ${shortName(seen.record?.fqdn)}.`,
    remedy:
      "Check that the program sets it (-v shows what it says), in the zone that these servers have, and not in another one of that name.",
  },
  {
    cause: "txt-other",
    when: ({ seen }) => answersOf(seen).length > 0 && !answersOf(seen).some(isRight(seen)),
    says: ({ seen }) =>
      `DNS does not have the value of this order as TXT record of ${shortName(seen.record?.fqdn)}: ${valuesIn(seen)}.`,
    remedy:
      "The program must add the new value beside others. An old value may be in caches: wait for its TTL, or raise --dns_wait.",
  },
  {
    cause: "txt-partly",
    when: ({ seen }) => !answersOf(seen).every(isRight(seen)),
    says: ({ seen }) =>
      `The TXT record of ${shortName(seen.record?.fqdn)} has not reached ${lackingIn(seen)}; other servers have it.`,
    remedy: "Wait longer with --dns_timeout or --dns_wait, or mend the transfer to these servers.",
  },
  {
    cause: "txt-there",
    when: ({ seen }) => answersOf(seen).length > 0,
    says: ({ seen }) =>
      `${serversOf(seen)} ${has(seen)} the right TXT record of ${shortName(seen.record?.fqdn)} now, so the CA came too early or asks other servers.`,
    remedy:
      "Set --dns_wait to give the record time. Check that the zone is delegated to these servers, and its DNSSEC with dnsviz.net.",
  },
  {
    cause: "txt-silent",
    when: ({ seen }) => seen.record !== undefined,
    says: ({ seen }) =>
      `No DNS server tells this program now what TXT record ${shortName(seen.record?.fqdn)} has.`,
    remedy: LOOK_DNS,
  },
];
