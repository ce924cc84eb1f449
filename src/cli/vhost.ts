import { isIPv6 } from "node:net";
import { resolve } from "node:path";
import type { Method } from "../core/target.ts";
import { isWildcard, kindOf, type Name, parseName } from "../name.ts";
import type { Listen } from "../serve.ts";
import { usage } from "./usage.ts";

interface Vhosts {
  names: [Name, ...Name[]];
  method: Method;
}

interface Asked {
  vhosts: readonly string[];
  defaultRoot: string | undefined;
  /** Where to answer without folders. */
  listen: Listen;
  /** A method that needs no folders. */
  other: Extract<Method, { kind: "stateless" | "dns" }> | undefined;
  cwd: string;
}

/** Reads every `-d NAME[:ROOT]`: the names, each once, and how they are answered. */
export function parseVhosts({
  vhosts,
  defaultRoot,
  listen,
  other,
  cwd,
}: Asked): Vhosts {
  const roots = new Map<Name, string | undefined>();
  for (const vhost of vhosts) {
    const { name, root } = parseVhost(vhost);
    roots.set(name, root ?? defaultRoot);
  }
  const [first, ...others] = roots.keys();
  if (first === undefined)
    throw usage(
      "There is no name to get a certificate for.",
      "Name one or more with -d NAME.",
    );
  const names: Vhosts["names"] = [first, ...others];
  if (other !== undefined)
    checkNames(
      names,
      (name) => roots.get(name) !== undefined,
      `a folder is of no use with --${other.kind}; give the name alone`,
    );
  if (other?.kind === "dns") {
    checkNames(
      names,
      (name) => kindOf(name) === "ip",
      "an IP address cannot be validated by DNS (RFC 8738)",
    );
    return { names, method: other };
  }
  checkNames(
    names,
    isWildcard,
    "a wildcard can only be validated by DNS; add --dns exec --dns_exec PROGRAM",
  );
  if (other !== undefined) return { names, method: other };
  const rootless = names.filter((name) => roots.get(name) === undefined);
  if (rootless.length === names.length)
    return { names, method: { kind: "standalone", listen } };
  if (rootless.length > 0)
    throw usage(
      `Some names have a folder and some have none: ${rootless.join(", ")}.`,
      "Give each a folder with -d NAME:ROOT or all of them one with --default_root, or none at all.",
    );
  const folders = names.map(
    (name) => [name, resolve(cwd, roots.get(name) ?? "")] as const,
  );
  return { names, method: { kind: "webroot", roots: new Map(folders) } };
}

function checkNames(
  names: readonly Name[],
  isWrong: (name: Name) => boolean,
  why: string,
): void {
  const wrong = names.filter(isWrong);
  if (wrong.length > 0) throw usage(`-d ${wrong.join(", ")}: ${why}.`);
}

/** The first colon parts the two, unless it belongs to a URL or an IPv6 address. */
function parseVhost(text: string): { name: Name; root: string | undefined } {
  const colon =
    /:\/\//.test(text) || (text.includes(":") && isIPv6(text))
      ? -1
      : text.indexOf(":", text.startsWith("[") ? text.indexOf("]") : 0);
  const root = colon < 0 ? undefined : text.slice(colon + 1);
  if (root !== undefined && /^\d+$/.test(root))
    throw usage(
      `-d ${text}: "${root}" looks like a port, but a certificate is good for every port.`,
      `Give the name alone, or write -d ${text.slice(0, colon)}:./${root} if it is a folder.`,
    );
  const parsed = parseName(colon < 0 ? text : text.slice(0, colon));
  if ("problem" in parsed) throw usage(`-d ${text}: ${parsed.problem}.`);
  return { name: parsed.name, root };
}
