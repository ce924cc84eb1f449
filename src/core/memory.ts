import type { AppError } from "../errors.ts";
import {
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

/** What is remembered of a set, for whoever holds its lock: read once, and saved with each change. */
export interface Memory {
  readonly state: State;
  /** Whether this run has to hand over the certificate although it has not changed since the last one. */
  isOwed(): boolean;
  /** A CA was asked about the certificate that is there. */
  asked(origin: Origin): Promise<void>;
  /** Nothing was due. `news`: the certificate has to be told of all the same. */
  kept(target: Target, certificate: { origin: Origin; news: boolean }): Promise<void>;
  /** A certificate is about to be saved: a run that does not live to tell of it leaves that to the next. */
  begun(target: Target, certificate: string): Promise<void>;
  /** A certificate is in place. */
  issued(target: Target, origin: Origin): Promise<void>;
  /** What was wanted before stays recorded: it may be what is in use. */
  failed(target: Target, error: AppError, at: Date): Promise<void>;
  /** Everything that was news has been handed over. */
  delivered(): Promise<void>;
  /** The file that the target is from has it no more. */
  unlisted(): Promise<void>;
  /** Forgets the target, and that it failed; what is known of the certificate stays. Throws where that cannot be written. */
  forget(): Promise<void>;
}

/** `delivers`: this run hands over what is news, which counts as told only after that. */
export function openMemory(dir: string, { delivers = false }: Delivers = {}): Memory {
  let state = loadState(dir);
  const remember = (next: State) => {
    state = next;
    return saveState(dir, next);
  };
  /** The end of a run that leaves a certificate in place, and no failure. */
  const settle = (target: Target, origin: Origin, news: boolean) =>
    remember({
      origin,
      target: record(target),
      untold: news && delivers ? origin.certificate : undefined,
      undelivered: news && delivers ? true : state.undelivered,
    });
  return {
    get state() {
      return state;
    },
    isOwed: () => isOwed(state, { delivers }),
    asked: (origin) => remember({ ...state, origin }),
    async kept(target, { origin, news }) {
      if (!isSettled(state, target) || (news && delivers)) await settle(target, origin, news);
    },
    begun: (target, certificate) =>
      remember({
        ...state,
        target: state.target ?? record(target),
        untold: certificate,
        undelivered: delivers ? true : state.undelivered,
      }),
    issued: (target, origin) => settle(target, origin, true),
    failed(target, error, at) {
      const wanted = record(target);
      const failure = failureAfter(state.failure, error, { at, target: wanted });
      return remember({ ...state, target: state.target ?? wanted, failure });
    },
    delivered: () => remember({ ...state, untold: undefined, undelivered: undefined }),
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

type Delivers = Pick<RunContext, "delivers">;

/** Whether a run that keeps what is there has nothing to remember. */
export function isSettled(state: State, target: Target): boolean {
  return (
    state.failure === undefined && state.untold === undefined && isRecorded(state.target, target)
  );
}

/** Whether a run has to hand over the certificate of a set although that has not changed since the last one. */
export function isOwed({ undelivered }: State, { delivers = false }: Delivers): boolean {
  return delivers && undelivered === true;
}
