import { isIPv6 } from "node:net";
import { isWildcard, type Name } from "../name.ts";
import type { Place } from "../verify/probe.ts";
import type { Given } from "./given.ts";
import { parseVhosts } from "./vhost.ts";

/** The names to look at, none for all, and the web server. */
export function parseVerification(given: Given): {
  names: readonly Name[];
  address: Place | undefined;
} {
  const names = given.has("vhost") ? [...parseVhosts(given).keys()] : [];
  for (const name of names.filter(isWildcard))
    given.wrong("vhost", "a wildcard has no address to look at.", {
      value: name,
      hint: `Give a name that it covers, such as ${name.replace("*", "www")}.`,
    });
  return { names, address: parseAddress(given) };
}

function parseAddress(given: Given): Place | undefined {
  const value = given.text("address");
  if (value === undefined) return undefined;
  const [, bracketed, plain = "", port] = /^(?:\[(.+)\]|([\w.-]+)):(\d{1,5})$/.exec(value) ?? [];
  const host = bracketed !== undefined && isIPv6(bracketed) ? bracketed : plain;
  const number = Number(port);
  if (host !== "" && number > 0 && number < 65536) return { host, port: number };
  given.wrong("address", "write HOST:PORT or [IPV6]:PORT.", { value });
  return undefined;
}
