import { isIPv6 } from "node:net";
import { resolve } from "node:path";
import type { Method } from "../core/target.ts";
import { isWildcard, kindOf, type Name } from "../name.ts";
import { DAY, SECOND } from "../time.ts";
import type { Given } from "./given.ts";
import type { OptionName } from "./options.ts";
import { parseListen } from "./values.ts";
import type { Roots } from "./vhost.ts";

/** Seconds. */
const DNS_TIMEOUT = 120;
const LONGEST_SPAN = DAY / SECOND;

/** How the CA is answered for names, some of which may have folders. */
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

/** A method that needs no folders, where one is asked for. */
export function parseRootless(
  given: Given,
): Extract<Method, { kind: "stateless" | "dns" }> | undefined {
  const stateless = given.flag("stateless");
  if (!given.has("dns")) {
    if (given.has("dns_exec"))
      given.wrong("dns_exec", `it has no effect without ${given.write({ dns: true })}.`, {
        value: given.text("dns_exec"),
        hint: `Add ${given.write({ dns: "exec" })}.`,
      });
    return stateless ? { kind: "stateless" } : undefined;
  }
  if (stateless)
    given.wrong("stateless", `it does not work with ${given.write({ dns: true })}.`, {
      hint: "Choose one.",
    });
  return { kind: "dns", ...parseDnsExec(given) };
}

function parseDnsExec(given: Given) {
  const provider = given.text("dns");
  if (provider !== undefined && provider !== "exec") given.unknown("dns", provider, ["exec"]);
  else if (!given.has("dns_exec"))
    given.wrong("dns", "it needs a program that sets the records.", {
      value: provider,
      hint: `Name it with ${given.write({ dns_exec: "PROGRAM" })}.`,
    });
  const wait = given.number("dns_wait");
  return {
    script: given.path("dns_exec") ?? "",
    timeout: parseSpan(given, "dns_timeout", {
      seconds: given.number("dns_timeout") ?? DNS_TIMEOUT,
      least: 1,
    }),
    wait: wait && parseSpan(given, "dns_wait", { seconds: wait, least: 0 }),
    resolvers: given.list("dns_resolvers").map((text) => parseResolver(given, text)),
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

function parseResolver(given: Given, value: string): { host: string; port: number } {
  if (isIPv6(value)) return { host: value, port: 53 };
  const [, six, plain, digits = "53"] =
    /^(?:\[([^\]]+)\]|([^:[\]\s/]+))(?::(\d+))?$/.exec(value) ?? [];
  const host = six !== undefined && isIPv6(six) ? six : plain;
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65535)
    given.wrong("dns_resolvers", "write HOST, HOST:PORT, IPV6 or [IPV6]:PORT.", { value });
  return { host: host ?? "", port };
}

/** Whether names go with a method that needs no folders. */
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

/** One mistake for names that share it. */
function noteNames(given: Given, names: readonly Name[], text: string): void {
  if (names.length > 0) given.wrong("vhost", text, { value: names.join(", ") });
}
