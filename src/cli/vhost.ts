import { isIPv6 } from "node:net";
import { baseOf, isWildcard, type Name, parseName } from "../name.ts";
import type { Given } from "./given.ts";

/** The names. The value is the folder that the name's web server serves. */
export type Roots = ReadonlyMap<Name, string | undefined>;

/** Reads every `-d NAME[:ROOT]`, each name once. */
export function parseVhosts(given: Given): Roots {
  const roots = new Map<Name, string | undefined>();
  const defaultRoot = given.text("default_root");
  if (!given.has("vhost"))
    given.wrong(undefined, "There is no name to get a certificate for.", {
      hint: `Name one or more with ${given.write({ vhost: "NAME" })}.`,
    });
  for (const vhost of given.list("vhost")) {
    const parsed = parseVhost(given, vhost);
    if (parsed) roots.set(parsed.name, parsed.root ?? defaultRoot);
  }
  checkCovered(given, [...roots.keys()]);
  return roots;
}

/**
 * Let's Encrypt refuses an order that has a wildcard and a name that it covers. No known CA needs
 * both.
 */
function checkCovered(given: Given, names: readonly Name[]): void {
  for (const wildcard of names.filter(isWildcard)) {
    const base = baseOf(wildcard);
    for (const name of names)
      if (!isWildcard(name) && name.replace(/^[^.]*\./, "") === base)
        given.wrong("vhost", `${wildcard} covers it, and CAs refuse both.`, {
          value: name,
          hint: `Leave out ${name}, or the wildcard.`,
        });
  }
}

/** The first colon separates name and folder, unless it belongs to a URL or an IPv6 address. */
function parseVhost(
  given: Given,
  value: string,
): { name: Name; root: string | undefined } | undefined {
  const colon =
    /:\/\//.test(value) || (value.includes(":") && isIPv6(value))
      ? -1
      : value.indexOf(":", value.startsWith("[") ? value.indexOf("]") : 0);
  const root = colon < 0 ? undefined : value.slice(colon + 1);
  if (root !== undefined && /^\d+$/.test(root)) {
    given.wrong("vhost", `"${root}" looks like a port, but a certificate is good for every port.`, {
      value,
      hint: `Give the name alone, or write ${given.write({ vhost: `${value.slice(0, colon)}:./${root}` })} if it is a folder.`,
    });
    return undefined;
  }
  const parsed = parseName(colon < 0 ? value : value.slice(0, colon));
  if ("name" in parsed) return { name: parsed.name, root };
  given.wrong("vhost", `${parsed.problem}.`, { value });
  return undefined;
}
