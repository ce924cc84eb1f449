import type { AcmeEvent } from "../acme/authority.ts";
import type { ChallengeEvent } from "../challenge/responder.ts";
import type { AppError } from "../errors.ts";
import type { Name } from "../name.ts";
import type { Bundle } from "../store/bundle.ts";
import type { LockEvent } from "../store/lock.ts";
import type { StoreEvent } from "../store/set.ts";
import type { Why } from "./decide.ts";
import type { Chain, Draft, Target } from "./target.ts";

/** What an outcome is about. */
export interface Subject {
  id: string;
  names: readonly string[];
  dir: string;
}

export function subjectOf({ id, want, keep }: Target | Draft): Subject {
  return { id, names: want.names, dir: keep.dir };
}

/** What was taken over from another tool, and what a command has to say to go on with it. */
export interface Imported {
  /** Whether something was written; otherwise all of it was there already. */
  changed: boolean;
  /** The URL of the account, or what the tool calls it. */
  account: string | undefined;
  bundle: Bundle | undefined;
  /** The URL of the CA's directory, where that is known. */
  server: string | undefined;
  /** The options that go on with it as it was imported: where, and how. */
  words: readonly string[];
}

/** How a subject ended. `next` is when its certificate will be due. */
export type Outcome = { subject: Subject } & (
  | { kind: "issued"; why: Why; bundle: Bundle; next: Date }
  /** `completed`: files that had been missing were put in place. */
  | { kind: "kept"; completed: boolean; bundle: Bundle; next: Date }
  /** It could have been issued by these CAs. */
  | { kind: "tried"; from: readonly string[] }
  /** `before`: it had been revoked already. */
  | { kind: "revoked"; before: boolean }
  | ({ kind: "imported" } & Imported)
  /** An account has another key now. */
  | { kind: "rolled-over"; uri: string; thumbprint: string }
  /** An account is no more; `before`: it had been so already. */
  | { kind: "deactivated"; before: boolean }
  | { kind: "failed"; error: AppError }
);

/** Whether a signal has kept a subject from ending: that is no failure, since the next run goes on with it. */
export function isUnfinished(outcome: Outcome): outcome is Extract<Outcome, { kind: "failed" }> & {
  error: { code: "interrupted" };
} {
  return outcome.kind === "failed" && outcome.error.code === "interrupted";
}

/** What happens on the way, for whoever watches. */
export type Event =
  | AcmeEvent
  | ChallengeEvent
  | StoreEvent
  | LockEvent
  | { type: "decided"; why: Why; names: readonly Name[] }
  /** The CA does not offer the chain that was asked for, of so many. */
  | { type: "no-such-chain"; wanted: Chain; offered: number }
  /** The CA does not offer the profile that would be preferred. */
  | { type: "no-such-profile"; profile: string; offered: readonly string[] }
  /** The CA wants a certificate renewed at an unusual time, and says why. */
  | { type: "renewal-explained"; url: string }
  /** A CA cannot be used now, so the next one is asked. */
  | { type: "next-authority"; error: AppError; from: string; to: string }
  /** The account may not revoke a certificate, so its own key has to. */
  | { type: "revoking-by-key"; error: AppError }
  | { type: "account-key-made" }
  /** An interrupted rollover: whether the CA has the new key. */
  | { type: "rollover-settled"; completed: boolean }
  | { type: "key"; reused: boolean }
  | { type: "ordered"; url: string; names: readonly Name[] }
  | { type: "validating"; names: readonly Name[] }
  | { type: "validated" }
  /** Sets below a folder that a file of targets had once; `forgotten`: nothing is recorded of them any more. */
  | {
      type: "unlisted";
      file: string;
      dir: string;
      ids: readonly string[];
      forgotten: boolean;
    }
  /** Something that was asked for has no effect. */
  | { type: "warning"; text: string }
  /** One of several targets. */
  | { type: "ended"; outcome: Outcome };

/** `target`: the id of the one among many that an event is about. */
export type Emit = (event: Event, target?: string) => void;
