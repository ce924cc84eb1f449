import type { KnownDirectory } from "../acme/ca.ts";
import type { AppError } from "../errors.ts";
import {
  isStateTrusted,
  loadState,
  type Origin,
  removeState,
  saveState,
  type State,
  writeState,
} from "../store/state.ts";
import { failureAfter } from "./backoff.ts";
import type { RunContext } from "./context.ts";
import { isRecorded, record } from "./record.ts";
import type { Target } from "./target.ts";

/**
 * The recorded state of a set, for the holder of its lock. It is read once, and saved after each
 * change.
 */
export interface Memory {
  readonly state: State;
  /** Whether this run must deliver the certificate even if it is unchanged. */
  isOwed(): boolean;
  /** The directory of a CA, if it is remembered and nobody else can have written it. */
  directoryOf(from: string): KnownDirectory | undefined;
  /** A CA's directory was used; the next change saves it. */
  used(from: string, directory: KnownDirectory | undefined): void;
  /** A CA was asked about the current certificate. */
  asked(origin: Origin): Promise<void>;
  /** Nothing was due. With `news`, the certificate still counts as changed. */
  kept(target: Target, certificate: { origin: Origin; news: boolean }): Promise<void>;
  /**
   * A certificate is about to be saved. If this run is killed before it reports that, the next run
   * does.
   */
  begun(target: Target, certificate: string): Promise<void>;
  /** A certificate is in place. */
  issued(target: Target, origin: Origin): Promise<void>;
  /** The target failed. The target recorded before stays, as its certificate may be in use. */
  failed(target: Target, error: AppError, at: Date): Promise<void>;
  /** All changes have been delivered. */
  delivered(): Promise<void>;
  /** The target's file no longer contains it. */
  unlisted(): Promise<void>;
  /**
   * Forgets the target and its failure, but not what we know of the certificate. Throws if it
   * fails.
   */
  forget(): Promise<void>;
}

/** `delivers`: this run delivers changes, and a change is settled only after its delivery. */
export function openMemory(dir: string, { delivers = false }: Delivers = {}): Memory {
  let state = loadState(dir);
  const remember = (next: State) => {
    state = next;
    return saveState(dir, next);
  };
  /** Records a run that leaves a certificate in place and has no failure. */
  const settle = (target: Target, origin: Origin, news: boolean) =>
    remember({
      origin,
      directory: state.directory,
      target: record(target),
      unreported: news && delivers ? origin.certificate : undefined,
      undelivered: news && delivers ? true : state.undelivered,
    });
  return {
    get state() {
      return state;
    },
    isOwed: () => isOwed(state, { delivers }),
    directoryOf: (from) =>
      state.directory?.from === from && isStateTrusted(dir) ? state.directory : undefined,
    used(from, directory) {
      if (directory === undefined) return;
      const { resources, at } = directory;
      const isShort = JSON.stringify(resources).length <= LONGEST_DIRECTORY;
      state = { ...state, directory: isShort ? { from, at, resources } : undefined };
    },
    asked: (origin) => remember({ ...state, origin }),
    async kept(target, { origin, news }) {
      if (!isSettled(state, target) || (news && delivers)) await settle(target, origin, news);
    },
    begun: (target, certificate) =>
      remember({
        ...state,
        target: state.target ?? record(target),
        unreported: certificate,
        undelivered: delivers ? true : state.undelivered,
      }),
    issued: (target, origin) => settle(target, origin, true),
    failed(target, error, at) {
      const wanted = record(target);
      const failure = failureAfter(state.failure, error, { at, target: wanted });
      return remember({ ...state, target: state.target ?? wanted, failure });
    },
    delivered: () => remember({ ...state, unreported: undefined, undelivered: undefined }),
    async unlisted() {
      const { asGone } = await import("./revive.ts");
      const { target, failure } = state;
      await remember({
        ...state,
        target: asGone(target),
        failure: failure && { ...failure, target: asGone(failure.target) },
      });
    },
    async forget() {
      state = { ...state, target: undefined, failure: undefined };
      if (state.origin === undefined) removeState(dir);
      else await writeState(dir, state);
    },
  };
}

/** In characters. Let's Encrypt's has a thousand. */
const LONGEST_DIRECTORY = 10_000;

type Delivers = Pick<RunContext, "delivers">;

/** Whether there is nothing new to record for a run that keeps the certificate. */
export function isSettled(state: State, target: Target): boolean {
  return (
    state.failure === undefined &&
    state.unreported === undefined &&
    isRecorded(state.target, target)
  );
}

/** Whether a run must deliver the certificate even if it is unchanged. */
export function isOwed({ undelivered }: State, { delivers = false }: Delivers): boolean {
  return delivers && undelivered === true;
}
