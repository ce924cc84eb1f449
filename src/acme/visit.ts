import { isIPv4, isIPv6 } from "node:net";
import type { Authorization } from "./resources.ts";

/** What the CA met when it looked for the answer to http-01, as far as it tells. */
export interface Visit {
  /** The URL that it asked last. */
  url: URL | undefined;
  /** The IP address that it asked. */
  address: string | undefined;
  /** Of the answer that it got. */
  status: number | undefined;
}

/** More of what a CA says is not looked through. */
const LONGEST_DETAIL = 2_000;

/** How Boulder and Pebble begin to speak of a URL that they asked. */
const ASKED = /\b(?:Fetching|from|Get|HTTP:) "?(https?:\/\/[^\s"'<>]+)/;
/** Boulder puts the address first; the libraries of Go that Pebble uses, behind what failed. */
const ADDRESSES = [
  /^(?:During secondary validation: )?\[?([\d.]+|[\da-f:.]+:[\da-f:.]+?)\]?: /i,
  /(?:dial tcp |->)([\d.]+):\d+/,
  /(?:dial tcp |->)\[([\da-f:.]+)\]:\d+/i,
];
const STATUS = /(?: returned |: )([1-5]\d\d)$/;

/** Reads the records of a validation, or else the CA's sentence about it. */
export function visitOf({ error, records }: Authorization): Visit {
  const detail = error?.detail.slice(0, LONGEST_DETAIL).trimEnd() ?? "";
  const last = records.at(-1);
  const status = STATUS.exec(detail)?.[1];
  return {
    url: webUrl(last?.url ?? urlIn(detail)),
    address: ipAddress(last?.addressUsed ?? addressIn(detail)),
    status: status === undefined ? undefined : Number(status),
  };
}

function urlIn(detail: string): string | undefined {
  return ASKED.exec(detail)?.[1]?.replace(/[:,.)]+$/, "");
}

function addressIn(detail: string): string | undefined {
  return ADDRESSES.map((pattern) => pattern.exec(detail)?.[1]).find(
    (address) => address !== undefined,
  );
}

function ipAddress(text = ""): string | undefined {
  return isIPv4(text) || isIPv6(text) ? text : undefined;
}

function webUrl(text: string | undefined): URL | undefined {
  const url = text === undefined ? null : URL.parse(text);
  return url && /^https?:$/.test(url.protocol) ? url : undefined;
}

/** Where the CA was sent on to, instead of http and the name itself (RFC 8555 section 8.3 lets it follow). */
export function redirectOf(name: string, { url }: Visit): string | undefined {
  if (url === undefined) return undefined;
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return url.protocol === "http:" && host === name ? undefined : url.origin;
}
