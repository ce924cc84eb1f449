import { parseArgs } from "node:util";
import { entryOf } from "../json.ts";
import type { OptionName } from "./options.ts";
import { usage } from "./usage.ts";
import type { Options } from "./words.ts";

/** Flags of lego (version 4) that have the same meaning as an option. */
const SAME: Record<string, OptionName | undefined> = {
  "key-type": "key_type",
  profile: "profile",
  "preferred-chain": "preferred_chain",
  "dns.resolvers": "dns_resolvers",
  kid: "eab_kid",
  hmac: "eab_hmac_key",
};

/** What is done without a word, or has a property of its own. */
const SILENT = [
  ...["accept-tos", "pem", "path", "http", "http.webroot", "eab"],
  ...["cert.timeout", "dns-timeout", "http-timeout", "overall-request-limit"],
];

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;
const GRAMMAR = {
  ...{ "key-type": { ...text, short: "k" }, profile: text },
  ...{ "preferred-chain": text, kid: text, hmac: text, path: text },
  ...{ "dns.resolvers": { ...text, multiple: true } },
  ...{ "dns.propagation-wait": text, "http.webroot": text },
  ...{ "cert.timeout": text, "dns-timeout": text, "http-timeout": text },
  ...{ "overall-request-limit": text, "user-agent": text },
  ...{ "accept-tos": { ...flag, short: "a" }, pem: flag, http: flag },
  ...{ eab: flag, "must-staple": flag, "dns.disable-cp": flag },
  ...{ "dns.propagation-disable-ans": flag },
} as const;

/**
 * What arguments that were written for lego mean here, and the words among them that mean
 * nothing. Throws `usage` for what must not be done without.
 */
export function readLegoArgs(line: string): {
  options: Options;
  unknown: string[];
} {
  const { values, positionals } = parseArgs({
    args: line.split(/\s+/).filter((word) => word !== ""),
    options: GRAMMAR,
    strict: false,
    allowPositionals: true,
  });
  const options: Options = {};
  const unknown = positionals.map((word) => `"${word}"`);
  for (const [name, value] of Object.entries(values)) {
    const same = entryOf(SAME, name);
    if (name === "must-staple") throw usage(MUST_STAPLE, MUST_STAPLE_HINT);
    else if (same !== undefined) options[same] = valueOf(same, value);
    else if (name === "dns.propagation-wait")
      options.dns_wait = String(secondsOf(String(value)));
    else if (name === "dns.disable-cp" || name.endsWith("-disable-ans"))
      options.dns_wait ??= "0";
    else if (!SILENT.includes(name)) unknown.push(`--${name}`);
  }
  return { options, unknown };
}

const MUST_STAPLE =
  "--must-staple in lego-args: browsers would refuse the certificate, since Let's Encrypt has no OCSP any more (RFC 7633, August 2025).";
const MUST_STAPLE_HINT = "Take it out of lego-args.";

function valueOf(name: OptionName, value: unknown): unknown {
  if (name === "dns_resolvers")
    return [value].flat().flatMap((each) => String(each).split(","));
  return name === "key_type" ? String(value).toLowerCase() : String(value);
}

const UNITS: Record<string, number | undefined> = { h: 3600, m: 60, s: 1 };

/** A duration as Go writes it, such as 1m30s, in whole seconds. */
function secondsOf(duration: string): number {
  if (!/^(?:\d+(?:\.\d+)?(?:h|ms?|s))+$/.test(duration))
    throw usage(
      `--dns.propagation-wait=${duration} in lego-args: it is a duration such as 30s or 2m.`,
    );
  const parts = duration.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g);
  const seconds = [...parts].reduce(
    (sum, [, amount, unit = ""]) =>
      sum + Number(amount) * (UNITS[unit] ?? 0.001),
    0,
  );
  return Math.ceil(seconds);
}
