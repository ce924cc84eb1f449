import { parseArgs } from "node:util";
import { entryOf } from "../json.ts";
import type { OptionName, Options } from "./options.ts";

/** Flags of lego (version 4) that have the same meaning as an option. */
const SAME: Record<string, OptionName | undefined> = {
  "key-type": "key_type",
  profile: "profile",
  "preferred-chain": "preferred_chain",
  "dns.resolvers": "dns_resolvers",
  kid: "eab_kid",
  hmac: "eab_hmac_key",
};

/** Flags that need no action here, or that a property replaces. They cause no warning. */
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

/** The meaning of arguments that were written for lego. */
export interface LegoArgs {
  options: Options;
  /** The lego flag that set each option. */
  flags: Map<OptionName, string>;
  /** Words that have no meaning here. They cause a warning. */
  unknown: string[];
  /** Arguments that must not be ignored, or that are malformed; each text is a sentence. */
  mistakes: { text: string; hint?: string }[];
}

export function readLegoArgs(line: string): LegoArgs {
  const { values, positionals } = parseArgs({
    args: line.split(/\s+/).filter((word) => word !== ""),
    options: GRAMMAR,
    strict: false,
    allowPositionals: true,
  });
  const options: Options = {};
  const flags = new Map<OptionName, string>();
  const unknown = positionals.map((word) => `"${word}"`);
  const mistakes: LegoArgs["mistakes"] = [];
  const set = (option: OptionName, value: unknown, flag: string) => {
    options[option] = value;
    flags.set(option, `--${flag}`);
  };
  for (const [name, value] of Object.entries(values)) {
    const same = entryOf(SAME, name);
    if (name === "must-staple") mistakes.push(MUST_STAPLE);
    else if (same !== undefined) set(same, valueOf(same, value), name);
    else if (name === "dns.propagation-wait") {
      const seconds = secondsOf(String(value));
      if (seconds === undefined)
        mistakes.push({
          text: `--${name}=${String(value)} in lego-args: write a duration such as 30s or 2m.`,
        });
      else set("dns_wait", String(seconds), name);
    } else if (name === "dns.disable-cp" || name.endsWith("-disable-ans")) {
      if (options.dns_wait === undefined) set("dns_wait", "0", name);
    } else if (!SILENT.includes(name)) unknown.push(`--${name}`);
  }
  return { options, flags, unknown, mistakes };
}

const MUST_STAPLE = {
  text: "--must-staple in lego-args: browsers would refuse the certificate, since Let's Encrypt has no OCSP any more (RFC 7633, August 2025).",
  hint: "Take it out of lego-args.",
};

function valueOf(name: OptionName, value: unknown): unknown {
  if (name === "dns_resolvers") return [value].flat().flatMap((each) => String(each).split(","));
  return name === "key_type" ? String(value).toLowerCase() : String(value);
}

const UNITS: Record<string, number | undefined> = { h: 3600, m: 60, s: 1 };

/** A Go duration such as 1m30s, in whole seconds, rounded up; undefined if it is malformed. */
function secondsOf(duration: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:h|ms?|s))+$/.test(duration)) return undefined;
  const parts = duration.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g);
  const seconds = [...parts].reduce(
    (sum, [, amount, unit = ""]) => sum + Number(amount) * (UNITS[unit] ?? 0.001),
    0,
  );
  return Math.ceil(seconds);
}
