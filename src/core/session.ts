import type { Authority } from "../acme/authority.ts";
import type { Ca } from "../acme/ca.ts";
import type { AskRenewalInfo } from "../acme/renewal-info.ts";
import type { Emit } from "./outcome.ts";
import { countStrikes, type Strikes } from "./strikes.ts";

/** How to reach CAs, and what all targets share that reach them in this way. */
export interface Session {
  /** Roots (PEM) to trust in addition to the built-in ones. */
  roots: string | undefined;
  userAgent: string;
  /** How many signed requests one CA may have under way, even if it is near. */
  lanes: number;
  /** For events that belong to no single target. */
  emit: Emit;
  /** CAs, by directory URL. */
  cas: Map<string, Promise<Ca>>;
  /** Open accounts, by CA and folder. */
  accounts: Map<string, Promise<Authority>>;
  /** The functions that ask for renewal information, by the CA's directory URL. */
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
