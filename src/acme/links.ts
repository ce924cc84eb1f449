import { isWebAddress } from "./protocol.ts";

const LINK = /<([^<>]*)>((?:\s*;\s*[^\s=;,]+(?:\s*=\s*(?:"[^"]*"|[^\s;,"]*))?)*)/g;
const RELATION = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]*))/i;

/**
 * The targets of a Link header (RFC 8288) with the relation `alternate`, in order, as absolute
 * URLs.
 */
export function alternatesIn(header: unknown, base: string): string[] {
  return linksIn(header, "alternate", base);
}

/**
 * The http and https targets of a Link header with this relation. Without a base, relative targets
 * are left out.
 */
export function linksIn(header: unknown, relation: string, base?: string): string[] {
  if (typeof header !== "string") return [];
  return [...header.matchAll(LINK)]
    .filter(([, , parameters = ""]) => relationsOf(parameters).includes(relation))
    .flatMap(([, target = ""]) => URL.parse(target, base)?.href ?? [])
    .filter(isWebAddress);
}

function relationsOf(parameters: string): string[] {
  const [, quoted, bare = ""] = RELATION.exec(parameters) ?? [];
  return (quoted ?? bare).toLowerCase().split(/\s+/);
}
