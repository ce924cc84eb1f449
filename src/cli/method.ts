import { resolve } from "node:path";
import type { Method } from "../core/method.ts";
import { isWildcard, kindOf, type Name } from "../name.ts";
import { parseDns } from "./dns.ts";
import type { Given } from "./given.ts";
import { parseListen } from "./listen.ts";
import type { Roots } from "./vhost.ts";

/** How to answer the CA. Names with a folder use the webroot. */
export function parseMethod(given: Given, roots: Roots): Method {
  const rootless = parseRootless(given);
  const listen = parseListen(given);
  if (rootless !== undefined) {
    checkNames(given, roots, rootless);
    return rootless;
  }
  noteNames(given, [...roots.keys()].filter(isWildcard), wildcard(given));
  const bare = [...roots].filter(([, root]) => root === undefined);
  if (bare.length === roots.size) return { kind: "standalone", listen };
  if (bare.length > 0)
    given.wrong(
      "vhost",
      `some names have a folder and some have none: ${bare.map(([name]) => name).join(", ")}.`,
      {
        hint: `Give each a folder with ${given.write({ vhost: "NAME:ROOT" })} or all of them one with ${given.write({ default_root: "ROOT" })}, or none at all.`,
      },
    );
  const folders = [...roots].map(([name, root = ""]) => [name, resolve(given.cwd, root)] as const);
  return { kind: "webroot", roots: new Map(folders) };
}

/** The stateless or DNS method, if the options select one. */
export function parseRootless(
  given: Given,
): Extract<Method, { kind: "stateless" | "dns" }> | undefined {
  const stateless = given.flag("stateless");
  if (stateless && given.has("dns"))
    given.wrong("stateless", `it does not work with ${given.write({ dns: true })}.`, {
      hint: "Choose one.",
    });
  return parseDns(given) ?? (stateless ? { kind: "stateless" } : undefined);
}

/** Checks that the method can validate each name. */
function checkNames(given: Given, roots: Roots, { kind }: { kind: "stateless" | "dns" }): void {
  const names = [...roots.keys()];
  const way = given.write({ [kind]: true });
  noteNames(
    given,
    names.filter((name) => roots.get(name) !== undefined),
    `${way} needs no folder; write the name only.`,
  );
  if (kind === "dns")
    noteNames(
      given,
      names.filter((name) => kindOf(name) === "ip"),
      "an IP address cannot be validated by DNS (RFC 8738).",
    );
  else noteNames(given, names.filter(isWildcard), wildcard(given));
}

function wildcard({ write }: Given): string {
  return `a wildcard can only be validated by DNS; add ${write({ dns: "exec", dns_exec: "PROGRAM" })}.`;
}

/** Notes one mistake for all names that share it. */
function noteNames(given: Given, names: readonly Name[], text: string): void {
  if (names.length > 0) given.wrong("vhost", text, { value: names.join(", ") });
}
