import { isIPv6 } from "node:net";
import type { Cause, Observation, Way } from "./observation.ts";
import type { Answer, Visit } from "./visit.ts";

/** What a visit is compared with. */
export interface Around {
  way: Way;
  /** Whether the visit ended with the answer that a CA wants. */
  isRight: boolean;
  /** Whether the responder was asked for this name; undefined if it cannot tell. */
  asked: boolean | undefined;
  /** Addresses that lead to this server. */
  ours: ReadonlySet<string>;
  /** Whether an IPv4 address of the name gave the answer. */
  ipv4Works: boolean;
  /** Whether the address is public, and this host has only private ones. */
  isBehindRouter: boolean;
}

type Seen = Pick<Observation, "cause" | "status" | "detail">;

/** What a visit shows; undefined: all is well. Pure. */
export function judge(visit: Visit, around: Around): Observation | undefined {
  const { name, address, url, certificate } = visit;
  const seen: Seen | undefined = !around.isRight
    ? seenAt(visit, around)
    : certificate === undefined
      ? undefined
      : { cause: "https-certificate", detail: certificate };
  return seen && { ...{ way: around.way, name, address, url }, ...seen };
}

function seenAt(visit: Visit, around: Around): Seen {
  const { end, name, url } = visit;
  switch (end.kind) {
    case "unreachable":
      return unreachable(end.code, visit, around);
    case "loop":
      return { cause: "redirect-loop" };
    case "forbidden":
      return { cause: "redirect-port", detail: end.to };
    case "inside":
      return { cause: "redirect-inside", detail: end.host };
    case "lost":
      return { cause: "redirect-elsewhere", detail: `${end.host}, which has no address` };
    case "answer": {
      const host = URL.parse(url ?? "")?.hostname ?? name;
      if (host !== name)
        return { cause: "redirect-elsewhere", detail: `${host}, which does not have the answer` };
      return { status: end.status, ...answered(end, visit, around) };
    }
  }
}

/** In words, what a system's code means for a connection. */
const REASONS: Record<string, string | undefined> = {
  ECONNREFUSED: "it refuses the connection",
  ECONNRESET: "it cuts the connection",
  ETIMEDOUT: "no answer in time",
  TIMEOUT: "no answer in time",
  EHOSTUNREACH: "there is no way to this host",
  ENETUNREACH: "there is no way to its network",
};
const CAUSES: Record<string, Cause | undefined> = {
  ECONNREFUSED: "refused",
  ETIMEDOUT: "timeout",
  TIMEOUT: "timeout",
};
/** What a host without IPv6 gets for every IPv6 address. */
const NO_IPV6 = ["ENETUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT"];

function unreachable(system: string, { address }: Visit, around: Around): Seen {
  const detail = REASONS[system] ?? system;
  if (/^HPE_/.test(system)) return { cause: "not-http", detail };
  if (isIPv6(address) && NO_IPV6.includes(system)) return { cause: "ipv6-unknown" };
  if (isIPv6(address) && around.ipv4Works) return { cause: "ipv6-broken", detail };
  if (around.isBehindRouter) return { cause: "hairpin", detail };
  return { cause: CAUSES[system] ?? "unreachable", detail };
}

function answered(answer: Answer, { address, url }: Visit, around: Around): Seen {
  const { status, headers, body } = answer;
  const vendor = proxyOf(headers);
  if (vendor !== undefined) return { cause: "proxied", detail: vendor };
  // With some addresses that lead here, and none of them this one, it is another server.
  const known = [...around.ours].some((each) => isIPv6(each) === isIPv6(address));
  if (known && !around.ours.has(address) && url === undefined) return { cause: "elsewhere" };
  if (status === 200) return { cause: causeOfText(answer, around) };
  if (status === 404 && around.asked === false && /<center>nginx\b/.test(body))
    return { cause: "not-forwarded" };
  return { cause: STATUSES[status] ?? "status" };
}

const STATUSES: Record<number, Cause | undefined> = {
  401: "locked",
  403: "locked",
  404: "not-found",
  502: "gateway",
  503: "gateway",
  504: "gateway",
};

/** What a text is, if not the answer. */
function causeOfText({ headers, body }: Answer, { way }: Around): Cause {
  if (way === "stateless" && /^[\w-]+\.[\w-]{43}\s*$/.test(body)) return "wrong-account";
  const isHtml = /html/i.test(headers["content-type"] ?? "") || /^\s*<(!doctype|html)/i.test(body);
  return isHtml ? "page" : "wrong-answer";
}

/** Headers of proxies that stand in front of web servers, and whose they are. */
const PROXIES: readonly [header: string, pattern: RegExp, vendor: string][] = [
  ["cf-ray", /./, "Cloudflare"],
  ["server", /^cloudflare/i, "Cloudflare"],
  ["x-amz-cf-id", /./, "Amazon CloudFront"],
  ["x-fastly-request-id", /./, "Fastly"],
  ["server", /^AkamaiGHost/i, "Akamai"],
  ["server", /^Varnish/i, "Varnish"],
  ["x-varnish", /./, "Varnish"],
  ["via", /./, "A proxy"],
];

function proxyOf(headers: Answer["headers"]): string | undefined {
  return PROXIES.find(([header, pattern]) => pattern.test(String(headers[header] ?? "")))?.[2];
}
