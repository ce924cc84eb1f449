import { isIP } from "node:net";
import { resolve } from "node:path";
import type { Method } from "../core/target.ts";
import { type Name, parseName } from "../name.ts";
import type { Listen } from "../serve.ts";
import { usage } from "./usage.ts";

interface Vhosts {
  names: [Name, ...Name[]];
  method: Method;
}

interface Asked {
  vhosts: readonly string[];
  defaultRoot: string | undefined;
  listen: Listen;
  cwd: string;
}

/** Reads every `-d NAME[:ROOT]`: the names, each once, and how they are answered. */
export function parseVhosts({
  vhosts,
  defaultRoot,
  listen,
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

/** The first colon parts the two, unless it belongs to a URL or an IPv6 address. */
function parseVhost(text: string): { name: Name; root: string | undefined } {
  const colon =
    /:\/\//.test(text) || isIP(text) !== 0 || text.startsWith("[")
      ? -1
      : text.indexOf(":");
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
