import { AppError } from "../../errors.ts";
import { lock } from "../../store/lock.ts";
import { loadState, saveState, type State } from "../../store/state.ts";
import type { Context, RunContext } from "../context.ts";

/** What is still to be told of a set, and to be handed over. */
type Debt = Pick<State, "untold" | "undelivered">;

/**
 * What a run leaves open of a set. `changed` is the certificate that is news, if there is one: a run that hands over
 * leaves it open until that is done, and any other has told of it when it ends.
 */
export function debtOf(
  state: State,
  changed: string | undefined,
  { delivers = false }: Pick<RunContext, "delivers">,
): Debt {
  return delivers && changed !== undefined
    ? { untold: changed, undelivered: true }
    : { untold: undefined, undelivered: state.undelivered };
}

/** Whether this run has to hand over the certificate of a set although that has not changed since the last one. */
export function isOwed(
  { undelivered }: Debt,
  { delivers = false }: Pick<RunContext, "delivers">,
): boolean {
  return delivers && undelivered === true;
}

/** Remembers that the certificate of a set was handed over, unless the set has another one by now. */
export async function settleDelivery(
  { dir, certificate }: { dir: string; certificate: string },
  { signal, emit }: Pick<Context, "signal" | "emit">,
): Promise<void> {
  try {
    using _held = await lock(dir, { signal, emit });
    const state = loadState(dir);
    if (state.origin?.certificate === certificate)
      await saveState(dir, {
        ...state,
        ...{ untold: undefined, undelivered: undefined },
      });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // The next run hands it over once more, which is better than never.
  }
}
