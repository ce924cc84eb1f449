import type { Ca } from "../acme/ca.ts";
import type { Responder } from "../challenge/responder.ts";
import { once } from "../once.ts";
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

/** A CA, by the URL of its directory, as the targets of a session share it. */
export function caOf(
  directoryUrl: string,
  { context, session }: { context: Context; session: Session },
): Promise<Ca> {
  return once(session.cas, directoryUrl, async () => {
    const { openCa } = await import("../acme/ca.ts");
    return openCa({ ...sharedContext(context, session), directoryUrl, lanes: session.lanes });
  });
}

/** What is needed to make targets true. */
export interface RunContext extends Context {
  openResponder: (method: Method) => Promise<Responder>;
  /** The same one for all targets that reach their CAs in the same way. */
  sessionFor: (ask: Target["ask"]) => Promise<Session>;
  /** What changes is handed over too, and counts as told only after that (`settleDelivery`). */
  delivers?: boolean | undefined;
}
