import type { AcmeEvent } from "../acme/authority.ts";
import type { ChallengeEvent } from "../challenge/responder.ts";
import type { AppError, NameProblem } from "../errors.ts";
import type { Name } from "../name.ts";
import type { Bundle } from "../store/bundle.ts";
import type { LockEvent } from "../store/lock.ts";
import type { StoreEvent } from "../store/set.ts";
import type { Why } from "./decide.ts";
import type { Chain, Draft, Target } from "./target.ts";

export interface Subject {
  id: string;
  names: readonly string[];
  dir: string;
}

export function subjectOf({ id, want, keep }: Target | Draft): Subject {
  return { id, names: want.names, dir: keep.dir };
}

/** What was imported from another tool, and what the command for the next step needs. */
export interface Imported {
  /** Whether a file was written. If not, everything was there already. */
  changed: boolean;
  /** The account's URL, or the tool's name for it. */
  account: string | undefined;
  /** The end of its certificate; undefined: there is none. */
  notAfter: Date | undefined;
  /** The CA's directory URL, if known. */
  server: string | undefined;
  /** The options for the next step, so that it uses the import's folder and settings. */
  words: readonly string[];
}

/** What a certificate in place is reported by. */
export interface InPlace {
  notAfter: Date;
  /** When it will be due. */
  next: Date;
  /** The names of the subject that it is not for, since they failed. */
  lacks: readonly NameProblem[];
  /** The certificate, if this run has to deliver it. Others would keep thousands of keys in memory. */
  delivery: Bundle | undefined;
}

/** How a subject ended. */
export type Outcome = { subject: Subject } & (
  | ({ kind: "issued"; why: Why } & InPlace)
  /** `completed`: there is something new for the web server to load. */
  | ({ kind: "kept"; completed: boolean } & InPlace)
  /** A dry run succeeded with one of these CAs. */
  | { kind: "tried"; from: readonly string[] }
  /** `before`: it was already revoked. */
  | { kind: "revoked"; before: boolean }
  | ({ kind: "imported" } & Imported)
  /** An account has a new key. */
  | { kind: "rolled-over"; uri: string; thumbprint: string }
  /** An account is deactivated. `before`: it was deactivated earlier. */
  | { kind: "deactivated"; before: boolean }
  /** `next`: when scheduled runs try again, if they wait for that. */
  | { kind: "failed"; error: AppError; next?: Date | undefined }
);

/** Whether a signal stopped the work on a subject. That is no failure: the next run continues. */
export function isUnfinished(outcome: Outcome): outcome is Extract<Outcome, { kind: "failed" }> & {
  error: { code: "interrupted" };
} {
  return outcome.kind === "failed" && outcome.error.code === "interrupted";
}

/** What happens during a run. */
export type Event =
  | AcmeEvent
  | ChallengeEvent
  | StoreEvent
  | LockEvent
  | { type: "decided"; why: Why; names: readonly Name[] }
  /** The CA does not offer the wanted chain. `offered` is the number of its chains. */
  | { type: "no-such-chain"; wanted: Chain; offered: number }
  /** The CA does not offer the preferred profile. */
  | { type: "no-such-profile"; profile: string; offered: readonly string[] }
  /** The CA wants a certificate renewed at an unusual time, and says why. */
  | { type: "renewal-explained"; url: string }
  /** A CA is unusable now, so we ask the next one. */
  | { type: "next-authority"; error: AppError; from: string; to: string }
  /** The account may not revoke the certificate, so we try the certificate's own key. */
  | { type: "revoking-by-key"; error: AppError }
  | { type: "account-key-made" }
  /** An interrupted rollover is settled. `completed`: the account has the new key. */
  | { type: "rollover-settled"; completed: boolean }
  | { type: "key"; reused: boolean }
  | { type: "ordered"; url: string; names: readonly Name[] }
  | { type: "validating"; names: readonly Name[] }
  | { type: "validated" }
  /** These names failed. The next order is for the others. */
  | { type: "left-out"; error: AppError; names: readonly string[] }
  /**
   * Sets that a file of targets no longer contains. `forgotten`: they are not recorded any more.
   */
  | {
      type: "unlisted";
      file: string;
      dir: string;
      ids: readonly string[];
      forgotten: boolean;
    }
  /**
   * Something that will most likely make the CA fail, or `advice`, and what to do about it.
   * `again`: an earlier target of the run has it as well.
   */
  | {
      type: "foreseen";
      cause: string;
      level: "fails" | "advice";
      names: readonly string[];
      fact: string;
      remedy: string;
      again: boolean;
    }
  /** It is known how many of several targets need work, and how many names these have. */
  | { type: "triaged"; targets: number; due: number; names: number }
  /** An option has no effect. */
  | { type: "warning"; text: string }
  /** One of several targets is done. */
  | { type: "ended"; outcome: Outcome };

/** `target`: the id of the target, if an event belongs to one of several. */
export type Emit = (event: Event, target?: string) => void;
