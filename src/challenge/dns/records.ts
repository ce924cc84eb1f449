import type { Linger } from "../../time.ts";
import type { ChallengeEvent } from "../responder.ts";
import type { Zone } from "./zone.ts";

/**
 * The TXT records of one name for one order (RFC 8555 section 8.4). There are two if a wildcard and
 * its base name are both in the order.
 */
export interface TxtRecords {
  /** The name at the end of the CNAME records, without a final dot. */
  fqdn: string;
  /** The zone of the name, if we could find it. */
  zone: Zone | undefined;
  values: readonly string[];
}

/**
 * A DNS provider. Calls for one zone come one after another, but several zones may be changed at
 * once, for all orders of a run. An interrupted run does not end during a call.
 */
export interface Records {
  /**
   * Sets all values at the name, and keeps values of others there. Resolves when the provider has
   * accepted them; its name servers may take much longer. Rejects with `dns-failed`, or with the
   * signal's reason soon after it is aborted.
   */
  set(records: TxtRecords, signal: AbortSignal): Promise<void>;
  /**
   * Removes these values and no others. It is called once after each `set`, even after one that
   * failed, so values may be missing. There is no signal: it must end by itself. Rejects if a value
   * may be left.
   */
  remove(records: TxtRecords): Promise<void>;
  /** The milliseconds until records are visible everywhere; undefined: ask the name servers. */
  wait?: number | undefined;
}

/** What a provider can use. */
export interface ProviderHost {
  /** For credentials. */
  env: Readonly<Record<string, string | undefined>>;
  /** The limit for one call, in milliseconds. */
  timeout: number;
  emit: (event: ChallengeEvent) => void;
  linger: Linger;
}
