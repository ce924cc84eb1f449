import { isIP } from "node:net";
import { domainToASCII, domainToUnicode } from "node:url";

declare const brand: unique symbol;

/** A DNS name in lower-case ASCII (IDN converted to its A-labels, RFC 5890). Only `parseName` makes one. */
export type Name = string & { readonly [brand]: "Name" };

/** RFC 1035 section 2.3.4. */
const LONGEST_LABEL = 63;
const LONGEST_NAME = 253;

/**
 * Reads one name as a person writes it. Returns the name, or `problem`: one
 * sentence, without the name itself, that says what is wrong and what to do.
 */
export function parseName(text: string): { name: Name } | { problem: string } {
  const problem = problemAsWritten(text);
  if (problem !== undefined) return { problem };
  const ascii = domainToASCII(text);
  const wrong = problemOfAscii(ascii);
  return wrong === undefined ? { name: ascii as Name } : { problem: wrong };
}

/** The name as a person reads it: `bücher.example (xn--bcher-kva.example)` for an IDN. */
export function showName(name: string): string {
  const unicode = domainToUnicode(name);
  return unicode === "" || unicode === name ? name : `${unicode} (${name})`;
}

/** What has to be found before the conversion to ASCII, which reads the text as a URL's host. */
const MISTAKES: [RegExp, string][] = [
  [/^$/, "the name is empty"],
  [
    /^[a-z][a-z0-9+.-]*:\/\//i,
    "give the name alone, without a scheme such as https://",
  ],
  [/\s/u, "a name cannot contain spaces"],
  [/@/, "this looks like an e-mail address; give a DNS name"],
  [/\//, "give the name alone, without a path"],
  [
    /\*/,
    "wildcard names need a DNS challenge, which is not supported yet; name each host",
  ],
  [/:/, "give the name alone, without a port"],
  [/[%?#\\<>^|,]/, 'a name cannot contain any of % ? # \\ < > ^ | and ","'],
  [/_/, "underscores are not allowed in the name of a host (RFC 1123)"],
  [
    /^\.|[.。．｡]{2}/u,
    "there is an empty part between two dots, or before the first",
  ],
  [/[.。．｡]$/u, "leave out the dot at the end"],
];

function problemAsWritten(text: string): string | undefined {
  if (isIP(text.replace(/^\[|\]$/g, "")) !== 0)
    return "certificates for IP addresses are not supported yet; give a DNS name";
  return MISTAKES.find(([pattern]) => pattern.test(text))?.[1];
}

function problemOfAscii(ascii: string): string | undefined {
  if (ascii === "")
    return "this is not a valid internationalised name (IDNA, UTS 46)";
  if (isIP(ascii) !== 0 || /(^|\.)(\d+|0x[0-9a-f]*)$/.test(ascii))
    return "a name cannot end in a number; certificates for IP addresses are not supported yet";
  const labels = ascii.split(".");
  const long = labels.find((label) => label.length > LONGEST_LABEL);
  if (long !== undefined)
    return `the part "${long.slice(0, 20)}..." is ${long.length} characters long; ${LONGEST_LABEL} are allowed`;
  if (ascii.length > LONGEST_NAME)
    return `it is ${ascii.length} characters long; ${LONGEST_NAME} are allowed`;
  const odd = labels.find(
    (label) => !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label),
  );
  if (odd !== undefined)
    return `the part "${odd}" may have letters, digits and hyphens only, and no hyphen at either end`;
  return undefined;
}
