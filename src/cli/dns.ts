import { isIPv6 } from "node:net";
import type { Propagation } from "../challenge/dns/propagation.ts";
import type { Provider } from "../challenge/dns/providers.ts";
import type { HostPort } from "../challenge/dns/resolver.ts";
import type { PreflightWish } from "../commands/preflight.ts";
import type { DnsMethod } from "../core/method.ts";
import { entryOf } from "../json.ts";
import { DAY, SECOND } from "../time.ts";
import type { Given } from "./given.ts";
import type { OptionName } from "./options.ts";

interface Row<T> {
  /** The options that only this provider has. */
  options: readonly OptionName[];
  read: (given: Given) => T;
}

/** The DNS providers, by the value of `--dns`. */
const PROVIDERS: { [Kind in Provider["kind"]]: Row<Extract<Provider, { kind: Kind }>> } = {
  exec: {
    options: ["dns_exec"],
    read(given) {
      if (!given.has("dns_exec"))
        given.wrong("dns", "it needs a program that sets the records.", {
          value: "exec",
          hint: `Name it with ${given.write({ dns_exec: "PROGRAM" })}.`,
        });
      return { kind: "exec", script: given.path("dns_exec") ?? "" };
    },
  },
};

export const DNS_PROVIDERS = Object.keys(PROVIDERS);

const LONGEST_SPAN = DAY / SECOND;

/** How to set TXT records; undefined if dns-01 is not used. */
export function parseDns(given: Given): DnsMethod | undefined {
  if (given.has("dns"))
    return {
      kind: "dns",
      provider: parseProvider(given),
      propagation: parsePropagation(given),
    };
  for (const [word, { options }] of Object.entries(PROVIDERS))
    for (const option of options.filter(given.has))
      given.wrong(option, `it has no effect without ${given.write({ dns: true })}.`, {
        value: given.text(option),
        hint: `Add ${given.write({ dns: word })}.`,
      });
  return undefined;
}

function parseProvider(given: Given): Provider {
  const word = given.text("dns") ?? "";
  const provider = entryOf<Row<Provider>>(PROVIDERS, word);
  if (provider !== undefined) return provider.read(given);
  given.unknown("dns", word, Object.keys(PROVIDERS));
  return { kind: "exec", script: "" };
}

function parsePropagation(given: Given): Propagation {
  const wait = given.number("dns_wait");
  return {
    timeout: parseSpan(given, "dns_timeout", {
      seconds: given.number("dns_timeout"),
      least: 1,
    }),
    wait: wait && parseSpan(given, "dns_wait", { seconds: wait, least: 0 }),
    resolvers: parseResolvers(given),
  };
}

function parseSpan(
  given: Given,
  option: OptionName,
  { seconds, least }: { seconds: number; least: number },
): number {
  if (seconds < least || seconds > LONGEST_SPAN)
    given.wrong(option, `choose ${least} to ${LONGEST_SPAN} seconds.`, {
      value: String(seconds),
    });
  return seconds * SECOND;
}

/** The DNS servers to ask instead of the usual ones. */
export function parseResolvers(given: Given): HostPort[] {
  // A check reads this option in addition to its target.
  if (given.isWrong("dns_resolvers")) return [];
  return given.list("dns_resolvers").map((text) => parseResolver(given, text));
}

/** How to check names before the CA is asked; undefined: not at all. */
export function parsePreflight(given: Given): PreflightWish | undefined {
  return given.flag("preflight") ? { resolvers: parseResolvers(given) } : undefined;
}

function parseResolver(given: Given, value: string): HostPort {
  if (isIPv6(value)) return { host: value, port: 53 };
  const [, six, plain, digits = "53"] =
    /^(?:\[([^\]]+)\]|([^:[\]\s/]+))(?::(\d+))?$/.exec(value) ?? [];
  const host = six !== undefined && isIPv6(six) ? six : plain;
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65535)
    given.wrong("dns_resolvers", "write HOST, HOST:PORT, IPV6 or [IPV6]:PORT.", { value });
  return { host: host ?? "", port };
}
