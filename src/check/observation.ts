/** How the CA gets its answer. */
export type Way = "standalone" | "webroot" | "stateless" | "dns";

/** One thing that was seen and that decides, or may decide, how a validation ends. */
export interface Observation {
  cause: Cause;
  way: Way;
  /** Undefined if it concerns every name. */
  name?: string | undefined;
  /** The IP address that was asked. */
  address?: string | undefined;
  /** Where redirects led to, if there were any. */
  url?: string | undefined;
  /** The HTTP status of the answer. */
  status?: number | undefined;
  /** What the row of this cause needs to know besides: a reason, a host, records. */
  detail?: string | undefined;
  /** What to do, if whoever saw it knows that best. */
  hint?: string | undefined;
}

/**
 * `fails`: the CA will most likely fail as well. `advice`: it will not, or nobody can tell from this
 * host.
 */
export type Level = "fails" | "advice";

/** An observation in words. The causes are stable: scripts may rely on them. */
export interface Finding {
  cause: Cause;
  level: Level;
  name: string | undefined;
  address: string | undefined;
  /** What was found, in a sentence. */
  fact: string;
  /** What to do, in a sentence. */
  remedy: string;
}

export type Cause =
  | "no-name"
  | "no-address"
  | "dns-failed"
  | "dnssec-broken"
  | "no-zone"
  | "caa-forbids"
  | "caa-failed"
  | "caa-unknown"
  | "elsewhere"
  | "ipv6-broken"
  | "ipv6-unknown"
  | "hairpin"
  | "refused"
  | "timeout"
  | "unreachable"
  | "not-http"
  | "not-forwarded"
  | "not-found"
  | "page"
  | "wrong-answer"
  | "wrong-account"
  | "locked"
  | "gateway"
  | "status"
  | "proxied"
  | "redirect-elsewhere"
  | "redirect-loop"
  | "redirect-port"
  | "redirect-inside"
  | "https-certificate"
  | "port-taken"
  | "listen-failed"
  | "webroot-unwritable"
  | "ca-unreachable"
  | "clock-wrong";
