import type { AuthorityView } from "../check/authority.ts";
import type { HostPort } from "../challenge/dns/resolver.ts";
import type { Preflight } from "../core/context.ts";
import { messageOf } from "../errors.ts";
import { askedOf } from "./check.ts";

/** How to check names before the CA is asked. */
export interface PreflightWish {
  /** The DNS servers to ask; none: the system's. */
  resolvers: readonly HostPort[];
}

/** The check before each order of a run. Modules are loaded when something is due. */
export function openPreflight(wish: PreflightWish | undefined): Preflight | undefined {
  if (wish === undefined) return undefined;
  const authorities = new Map<string, Promise<AuthorityView>>();
  const told = new Set<string>();
  return async (target, { responder, session, context }) => {
    const { emit, signal } = context;
    try {
      const { check } = await import("../check/check.ts");
      const { groupsOf, keyOf } = await import("../check/groups.ts");
      const asked = { ...askedOf(target), responder, resolvers: wish.resolvers };
      const { roots, userAgent } = session;
      const { findings } = await check(asked, { ...context, roots, userAgent, authorities });
      for (const { first, names } of groupsOf(findings)) {
        const key = keyOf(first);
        const { cause, level, fact, remedy } = first;
        emit({ type: "foreseen", cause, level, names, fact, remedy, again: told.has(key) });
        told.add(key);
      }
    } catch (error) {
      signal.throwIfAborted();
      const text = `The check before asking the CA failed: ${messageOf(error)}`;
      emit({ type: "warning", text });
    }
  };
}
