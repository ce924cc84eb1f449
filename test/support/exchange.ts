import type { IncomingHttpHeaders } from "node:http";

/** What a request is about. */
export type Kind =
  | "directory"
  | "new-nonce"
  | "new-account"
  | "new-order"
  | "authorization"
  | "challenge"
  | "order"
  | "finalize"
  | "certificate"
  | "renewal-info"
  | "revoke"
  | "key-change"
  | "account"
  | "other";

export interface Answer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string | string[]>;
  body: string;
}

/** A request, and how it was answered. */
export interface Exchange {
  method: string;
  path: string;
  url: string;
  kind: Kind;
  /** When it arrived, in milliseconds since the epoch. */
  at: number;
  /** When its answer left, whole; absent as long as, or if, there was none. */
  until?: number;
  headers: IncomingHttpHeaders;
  body?: Jws;
  /** What the client got; absent as long as, or if, it got nothing whole. */
  answer?: Answer;
  status?: number;
  /** What ALPN has agreed on; false when the client offered nothing. */
  alpn: string | false | null | undefined;
}

export interface Jws {
  protected: Record<string, unknown>;
  /** Parsed; an empty string for POST-as-GET. */
  payload: unknown;
}

// Pebble's paths, wfe/wfe.go
const KINDS: [path: string, kind: Kind][] = [
  ["/dir", "directory"],
  ["/nonce-plz", "new-nonce"],
  ["/sign-me-up", "new-account"],
  ["/order-plz", "new-order"],
  ["/authZ/", "authorization"],
  ["/chalZ/", "challenge"],
  ["/my-order/", "order"],
  ["/finalize-order/", "finalize"],
  ["/certZ/", "certificate"],
  ["/draft-ietf-acme-ari-03/renewalInfo/", "renewal-info"],
  ["/revoke-cert", "revoke"],
  ["/rollover-account-key", "key-change"],
  ["/my-account/", "account"],
];

export function kindOf(path: string): Kind {
  const known = KINDS.find(([start]) =>
    start.endsWith("/") ? path.startsWith(start) : path === start,
  );
  return known?.[1] ?? "other";
}

/** The content of a flattened JWS; `undefined` if the text is no such thing. */
export function decodeJws(text: string): Jws | undefined {
  try {
    const jws = JSON.parse(text) as { protected: string; payload: string };
    const payload = decode(jws.payload);
    return {
      protected: JSON.parse(decode(jws.protected)) as Jws["protected"],
      payload: payload === "" ? "" : JSON.parse(payload),
    };
  } catch {
    return undefined;
  }
}

function decode(base64url: string): string {
  return Buffer.from(base64url, "base64url").toString();
}

/** An ACME error document; `type` is the last part of its URN. */
export function problem(type: string, status: number, headers: Answer["headers"] = {}): Answer {
  const document = {
    type: `urn:ietf:params:acme:error:${type}`,
    detail: `injected ${type}`,
    status,
  };
  return {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
    body: JSON.stringify(document),
  };
}
