import type { Ca, KnownDirectory } from "../acme/ca.ts";
import type { Responder } from "../challenge/responder.ts";
import { once } from "../once.ts";
import type { Clock } from "../time.ts";
import type { Emit } from "./outcome.ts";
import type { Session } from "./session.ts";
import type { Method } from "./method.ts";
import type { Target } from "./target.ts";

/** What a run gets from outside: the clock, random numbers, and a listener for events. */
export interface Context {
  proxyEnv: Record<string, string | undefined>;
  now: Clock;
  /** A new number in [0, 1) on each call. */
  random: () => number;
  signal: AbortSignal;
  emit: Emit;
}

/** What is needed to talk to a CA. */
export type CaContext = Context & Pick<Session, "roots" | "userAgent">;

/** The context for requests that several targets share: their events belong to no single target. */
export function sharedContext(context: Context, { roots, userAgent, emit }: Session): CaContext {
  return { ...context, roots, userAgent, emit };
}

interface Meeting {
  context: Context;
  session: Session;
  /** What is remembered of the CA's directory. */
  memory?: { directoryOf: (directoryUrl: string) => KnownDirectory | undefined };
}

/**
 * The CA with this directory URL, which all targets of a session share. The first of them may
 * remember its directory.
 */
export function caOf(directoryUrl: string, { context, session, memory }: Meeting): Promise<Ca> {
  return once(session.cas, directoryUrl, async () => {
    const { openCa } = await import("../acme/ca.ts");
    const shared = sharedContext(context, session);
    const remembered = memory?.directoryOf(directoryUrl);
    return openCa({ ...shared, directoryUrl, lanes: session.lanes, remembered });
  });
}

/**
 * Looks at what the CA will see, before it is asked. It only warns, and rejects only after an
 * interruption.
 */
export type Preflight = (
  target: Target,
  reach: { responder: Responder; session: Session; context: Context },
) => Promise<void>;

/** The context for getting certificates. */
export interface RunContext extends Context {
  openResponder: (method: Method) => Promise<Responder>;
  /** Returns the same session for all targets that reach their CAs in the same way. */
  sessionFor: (ask: Target["ask"]) => Promise<Session>;
  /**
   * Whether this run delivers changed certificates. Then a change is settled only after its
   * delivery (`settleDelivery`).
   */
  delivers?: boolean | undefined;
  preflight?: Preflight | undefined;
}
