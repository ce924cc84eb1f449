import type { Authority } from "../acme/authority.ts";
import type { Ca } from "../acme/ca.ts";
import type { AskRenewalInfo } from "../acme/renewal-info.ts";
import type { Emit } from "./outcome.ts";
import { countStrikes, type Strikes } from "./strikes.ts";

/** How CAs are reached, and what the targets of a run share that reach them so. */
export interface Session {
  /** PEM, trusted beside the built-in ones. */
  roots: string | undefined;
  userAgent: string;
  /** How many signed requests may be under way at one CA, however near it is. */
  lanes: number;
  /** Told what concerns no target alone. */
  emit: Emit;
  /** CAs, by the URL of their directory. */
  cas: Map<string, Promise<Ca>>;
  /** Accounts that are open, by CA and folder. */
  accounts: Map<string, Promise<Authority>>;
  /** Who asks for renewal information, by the URL of the CA's directory. */
  questions: Map<string, Promise<AskRenewalInfo>>;
  strikes: Strikes;
}

export function openSession(
  settings: Pick<Session, "roots" | "userAgent" | "lanes" | "emit">,
): Session {
  return {
    ...settings,
    cas: new Map(),
    accounts: new Map(),
    questions: new Map(),
    strikes: countStrikes(),
  };
}
