import { isIPv4, isIPv6 } from "node:net";
import type { Authorization } from "./resources.ts";

/** What the CA found when it fetched the answer to http-01, as far as it says. */
export interface Visit {
  /** The last URL that it requested. */
  url: URL | undefined;
  /** The IP address that it connected to. */
  address: string | undefined;
  /** The HTTP status of the answer, if it is a wrong one. */
  status: number | undefined;
  /** What kind of text it got instead of the answer. */
  got: "page" | "other-account" | undefined;
  /** The web server that a quoted page names. */
  server: string | undefined;
}

/** The limit of a CA's text that we search. */
const LONGEST_DETAIL = 2_000;

/** The words of Boulder and Pebble before a URL that they requested. */
const ASKED = /\b(?:Fetching|from|Get|HTTP:) "?(https?:\/\/[^\s"'<>]+)/;
/** Boulder starts with the address. Pebble's Go libraries put it after the failed operation. */
const ADDRESSES = [
  /^(?:During secondary validation: )?\[?([\d.]+|[\da-f:.]+:[\da-f:.]+?)\]?: /i,
  /(?:dial tcp |->)([\d.]+):\d+/,
  /(?:dial tcp |->)\[([\da-f:.]+)\]:\d+/i,
];
const STATUS = /(?: returned |: )([1-5]\d\d)$/;

/** The words of Boulder and Pebble before a quoted answer. */
const QUOTED = /(?:!= |\bgot |: )"((?:[^"\\]|\\.)*)/;
const PAGE = /^(?:\\[nrt]|\s)*<(?:[!a-z?])/i;
/** RFC 8555 section 8.1. It would be accepted if it were of our account. */
const KEY_AUTHORIZATION = /^[\w-]{8,255}\.[\w-]{43}(?![\w-])/;
/** The last line of the error pages of nginx and Apache. */
const SERVER = /<(?:center|address)>([a-z][\w./ ()-]{0,39})/i;

/** Reads the records of a validation; without them, the CA's sentence about it. */
export function visitOf({ error, records }: Authorization): Visit {
  const detail = error?.detail.slice(0, LONGEST_DETAIL).trimEnd() ?? "";
  const last = records.at(-1);
  const quoted = QUOTED.exec(detail)?.[1] ?? "";
  return {
    url: webUrl(last?.url ?? urlIn(detail)),
    address: ipAddress(last?.addressUsed ?? addressIn(detail)),
    status: statusIn(detail),
    got: kindOf(quoted),
    server: SERVER.exec(quoted)?.[1]?.trim(),
  };
}

function kindOf(answer: string): Visit["got"] {
  if (PAGE.test(answer)) return "page";
  return KEY_AUTHORIZATION.test(answer) ? "other-account" : undefined;
}

function statusIn(detail: string): number | undefined {
  const status = STATUS.exec(detail)?.[1];
  return status === undefined ? undefined : Number(status);
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

/**
 * The redirect that the CA followed away from http and the name (RFC 8555 section 8.3 allows it);
 * undefined if there was none.
 */
export function redirectOf(name: string, { url }: Visit): string | undefined {
  if (url === undefined) return undefined;
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return url.protocol === "http:" && host === name ? undefined : url.origin;
}
