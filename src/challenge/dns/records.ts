import type { Linger } from "../../time.ts";
import type { ChallengeEvent } from "../responder.ts";
import type { Zone } from "./zone.ts";

/** The TXT records that one name needs for one order (RFC 8555 section 8.4): two for a wildcard beside its base name. */
export interface TxtRecords {
  /** Where the CNAME records end, without a dot at its end. */
  fqdn: string;
  /** The zone that the name is in, where that could be found out. */
  zone: Zone | undefined;
  values: readonly string[];
}

/**
 * What a DNS provider does for us. It is called for one name of a zone after another, and for a few zones at once,
 * for all orders of a run. While one of its calls lasts, an interrupted run does not end.
 */
export interface Records {
  /**
   * Sets all values at the name, beside those that others keep there. Resolves when the provider has taken them,
   * which may be long before its name servers have. Rejects with `dns-failed`, or soon after the signal with its reason.
   */
  set(records: TxtRecords, signal: AbortSignal): Promise<void>;
  /**
   * Removes these values and no others. Comes once after each `set`, even one that failed, so that some or all
   * of them may not be there. No signal ends it, so it must end by itself. Rejects when something is left.
   */
  remove(records: TxtRecords): Promise<void>;
  /** How long its records take until they are seen everywhere, in milliseconds; undefined: its name servers are asked. */
  wait?: number | undefined;
}

/** What a provider gets from the process that it runs in. */
export interface ProviderHost {
  /** Where credentials come from. */
  env: Readonly<Record<string, string | undefined>>;
  /** How long one call of it may take, in milliseconds. */
  timeout: number;
  emit: (event: ChallengeEvent) => void;
  linger: Linger;
}
