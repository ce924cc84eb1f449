import { isIPv4, isIPv6 } from "node:net";
import { domainToASCII, domainToUnicode } from "node:url";

declare const brand: unique symbol;

/**
 * A name that a certificate can have: a DNS name in lower-case ASCII (IDN as A-labels, RFC 5890),
 * such a name after `*.` (RFC 9525 section 6.3), or an IP address (IPv6 as in RFC 5952). Only
 * `parseName` makes one.
 */
export type Name = string & { readonly [brand]: "Name" };

/** RFC 1035 section 2.3.4. */
const LONGEST_LABEL = 63;
const LONGEST_NAME = 253;

/**
 * Parses a name as people write it. `problem` says what is wrong and what to do, in one sentence
 * without the name.
 */
export function parseName(text: string): { name: Name } | { problem: string } {
  const address = text.replace(/^\[(.*)\]$/, "$1");
  if (isIP(address) !== 0) return { name: canonicalAddress(address) };
  const [, star = "", host = ""] = /^(\*\.)?(.*)$/s.exec(text) ?? [];
  const problem = MISTAKES.find(([pattern]) => pattern.test(host))?.[1];
  if (problem !== undefined) return { problem };
  const ascii = domainToASCII(host);
  const wrong = problemOfAscii(ascii);
  return wrong === undefined ? { name: `${star}${ascii}` as Name } : { problem: wrong };
}

/**
 * Like `isIP` of Node.js, but faster: its regular expression for IPv6 takes longer to compile than
 * most runs take to parse their options.
 */
function isIP(text: string): 0 | 4 | 6 {
  if (isIPv4(text)) return 4;
  return text.includes(":") && isIPv6(text) ? 6 : 0;
}

/** The type of an ACME identifier for a name: RFC 8555 section 9.7.7, RFC 8738. */
export function kindOf(name: Name): "dns" | "ip" {
  return isIP(name) === 0 ? "dns" : "ip";
}

/** The name below a wildcard's `*.`; any other name does not change. */
export function baseOf(name: Name): Name {
  return name.replace(/^\*\./, "") as Name;
}

export function isWildcard(name: Name): boolean {
  return name.startsWith("*.");
}

function canonicalAddress(address: string): Name {
  if (isIP(address) === 4) return address as Name;
  // URL writes an IPv6 host as in RFC 5952. A zone ID is not part of the address.
  const host = URL.parse(`http://[${address.replace(/%.*$/, "")}]/`)?.hostname;
  return (host ?? address).replace(/^\[(.*)\]$/, "$1") as Name;
}

/** The name as a person reads it: `bücher.example (xn--bcher-kva.example)` for an IDN. */
export function showName(name: string): string {
  const unicode = domainToUnicode(name);
  return unicode === "" || unicode === name ? name : `${unicode} (${name})`;
}

/**
 * Mistakes to find before the conversion to ASCII, which would read the text as the host of a URL.
 */
const MISTAKES: [RegExp, string][] = [
  [/^$/, "the name is empty"],
  [/^[a-z][a-z0-9+.-]*:\/\//i, "give the name alone, without a scheme such as https://"],
  [/\s/u, "a name cannot contain spaces"],
  [/@/, "this looks like an e-mail address; give a DNS name"],
  [/\//, "give the name alone, without a path"],
  [/\*/, 'a "*" can only be the whole first part of a name, as in *.example.com'],
  [/:/, "give the name alone, without a port"],
  [/[%?#\\<>^|,]/, 'a name cannot contain any of % ? # \\ < > ^ | and ","'],
  [/_/, "underscores are not allowed in the name of a host (RFC 1123)"],
  [/^\.|[.。．｡]{2}/u, "there is an empty part between two dots, or before the first"],
  [/[.。．｡]$/u, "leave out the dot at the end"],
];

function problemOfAscii(ascii: string): string | undefined {
  if (ascii === "") return "this is not a valid internationalised name (IDNA, UTS 46)";
  if (isIP(ascii) !== 0 || /(^|\.)(\d+|0x[0-9a-f]*)$/.test(ascii))
    return "a name cannot end in a number, and an IPv4 address has four, from 0 to 255";
  const labels = ascii.split(".");
  const long = labels.find((label) => label.length > LONGEST_LABEL);
  if (long !== undefined)
    return `the part "${long.slice(0, 20)}..." is ${long.length} characters long; ${LONGEST_LABEL} are allowed`;
  if (ascii.length > LONGEST_NAME)
    return `it is ${ascii.length} characters long; ${LONGEST_NAME} are allowed`;
  const odd = labels.find((label) => !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label));
  if (odd !== undefined)
    return `the part "${odd}" may have letters, digits and hyphens only, and no hyphen at either end`;
  return undefined;
}
