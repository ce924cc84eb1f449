import type { X509Certificate } from "node:crypto";
import pLimit, { type LimitFunction } from "p-limit";
import { cut } from "../causes.ts";
import type { Name } from "../name.ts";
import { namesOf } from "../store/bundle.ts";
import type { Clock } from "../time.ts";
import { type Cause, type Expected, judge, lackOf, type Seen } from "./judge.ts";
import { addressesOf, type Place, probe } from "./probe.ts";

/** A certificate that a server sent. Whoever runs the server wrote it, so its texts are bounded. */
export interface Served {
  names: readonly string[];
  issuer: string;
  notBefore: Date;
  notAfter: Date;
  /** The SHA-256 fingerprint. */
  certificate: string;
}

/** What is at one address of a name. */
export interface Verdict {
  name: string;
  /** Undefined if no address is known, or if the verdict is about all of them. */
  place: Place | undefined;
  cause: Cause;
  served: Served | undefined;
  /** The issuer that the server did not send. */
  lacks: string | undefined;
  /**
   * What the system or TLS says about a connection without a certificate, or the host without an
   * address.
   */
  why: string | undefined;
}

export interface Verification {
  names: readonly Name[];
  expected: Expected;
  /** Where to connect for every name; undefined: at each address of the name, on port 443. */
  address: Place | undefined;
  now: Clock;
  signal: AbortSignal;
  /** For several calls at the same time: what they share (`openLimit`). */
  limit?: LimitFunction;
}

const HTTPS = 443;
/** Connections and look-ups at once. */
const MOST_AT_ONCE = 16;

export function openLimit(): LimitFunction {
  return pLimit(MOST_AT_ONCE);
}

/**
 * Compares the certificate that servers send for names (TLS server name indication) with the
 * expected one: a verdict for each address of each name, and one more for a name whose addresses
 * differ. Rejects only after an interruption.
 */
export async function verify({
  names,
  expected,
  address,
  now,
  signal,
  limit = openLimit(),
}: Verification): Promise<Verdict[]> {
  const { port = HTTPS } = address ?? {};
  const verdicts = await Promise.all(
    names.map(async (name) => {
      const hosts = await limit(() => addressesOf(address?.host ?? name, signal));
      if (hosts.length === 0)
        return [{ ...UNSEEN, name, cause: "no-address", why: address?.host ?? name } as const];
      const each = await limit.map(hosts, async (host) => {
        const place = { host, port };
        const seen = await probe(name, place, signal);
        return verdictOn(name, seen, { place, expected, now: now() });
      });
      const isMixed = new Set(each.map(({ cause }) => cause === "ok")).size > 1;
      return isMixed ? [...each, { ...UNSEEN, name, cause: "mixed" } as const] : each;
    }),
  );
  return verdicts.flat();
}

const UNSEEN = { place: undefined, served: undefined, lacks: undefined, why: undefined };

function verdictOn(
  name: string,
  seen: Seen,
  { place, expected, now }: { place: Place; expected: Expected; now: Date },
): Verdict {
  if ("obstacle" in seen) {
    const { obstacle, why } = seen;
    return { ...UNSEEN, name, place, cause: obstacle, why };
  }
  const [leaf, ...issuers] = seen.path;
  const cause = judge(name, seen.path, { expected, now });
  const lack = lackOf(expected.chain, issuers);
  return {
    ...{ name, place, cause, served: servedBy(leaf), why: undefined },
    lacks: cause === "incomplete" ? inOneLine(lack?.subject ?? "") : undefined,
  };
}

/** No certificate in use has more names, or longer ones. */
const MOST_NAMES = 100;
const LONGEST_TEXT = 255;

function servedBy(leaf: X509Certificate): Served {
  return {
    names: namesOf(leaf)
      .slice(0, MOST_NAMES)
      .map((name) => cut(name, LONGEST_TEXT)),
    issuer: inOneLine(leaf.issuer),
    notBefore: leaf.validFromDate,
    notAfter: leaf.validToDate,
    certificate: leaf.fingerprint256,
  };
}

/** Node.js writes each attribute of a distinguished name on its own line. */
function inOneLine(name: string): string {
  return cut(name.replaceAll("\n", ", "), LONGEST_TEXT);
}
