import type { AcmeEvent } from "../acme/authority.ts";
import type { ChallengeEvent } from "../challenge/responder.ts";
import type { AppError } from "../errors.ts";
import type { Name } from "../name.ts";
import type { Bundle } from "../store/bundle.ts";
import type { LockEvent } from "../store/lock.ts";
import type { StoreEvent } from "../store/set.ts";
import type { Why } from "./decide.ts";

/** What an outcome is about. */
export interface Subject {
  id: string;
  names: readonly string[];
  dir: string;
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
  /** The words that choose the same files again. */
  words: readonly string[];
}

/** How a subject ended. `next` is when its certificate will be due. */
export type Outcome = { subject: Subject } & (
  | { kind: "issued"; why: Why; bundle: Bundle; next: Date }
  /** `completed`: files that had been missing were put in place. */
  | { kind: "kept"; completed: boolean; bundle: Bundle; next: Date }
  /** `before`: it had been revoked already. */
  | { kind: "revoked"; before: boolean }
  | ({ kind: "imported" } & Imported)
  | { kind: "failed"; error: AppError }
);

/** What happens on the way, for whoever watches. */
export type Event =
  | AcmeEvent
  | ChallengeEvent
  | StoreEvent
  | LockEvent
  | { type: "decided"; why: Why; names: readonly Name[] }
  | { type: "account-key-made" }
  | { type: "key"; reused: boolean }
  | { type: "ordered"; url: string; names: readonly Name[] }
  | { type: "validating"; names: readonly Name[] }
  | { type: "validated" };

export type Emit = (event: Event) => void;
