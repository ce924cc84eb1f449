import type { Responder } from "../challenge/responder.ts";
import type { Clock } from "../time.ts";
import type { Emit } from "./outcome.ts";
import type { Session } from "./session.ts";
import type { Method } from "./method.ts";
import type { Target } from "./target.ts";

/** What everything in a run gets from outside: the clock, chance, and somebody who watches. */
export interface Context {
  proxyEnv: Record<string, string | undefined>;
  now: Clock;
  /** A number in [0, 1), another one each time. */
  random: () => number;
  signal: AbortSignal;
  emit: Emit;
}

/** What is needed to talk to a CA. */
export type CaContext = Context & Pick<Session, "roots" | "userAgent">;

/** The same where targets share it: what is told of a request does not concern the one alone that came first. */
export function sharedContext(context: Context, { roots, userAgent, emit }: Session): CaContext {
  return { ...context, roots, userAgent, emit };
}

/** What is needed to make targets true. */
export interface RunContext extends Context {
  openResponder: (method: Method) => Promise<Responder>;
  /** The same one for all targets that reach their CAs in the same way. */
  sessionFor: (ask: Target["ask"]) => Promise<Session>;
  /** What changes is handed over too, and counts as told only after that (`settleDelivery`). */
  delivers?: boolean | undefined;
}
