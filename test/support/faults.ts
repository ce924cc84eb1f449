import type { ServerResponse } from "node:http";
import type { Answer, Exchange, Kind } from "./exchange.ts";

/** Which requests a fault befalls: those that meet every condition. */
export interface Match {
  kind?: Kind;
  when?: (exchange: Exchange) => boolean;
  /** Only the nth (from 1) of the requests that meet the conditions above. */
  nth?: number;
  /** At most so many requests. */
  times?: number;
}

/** What happens to a request: before Pebble sees it, or after Pebble has acted on it. */
export type Fault =
  | {
      /** Pebble never sees the request. */
      answer: Partial<Answer>;
      /** Adds a good nonce of Pebble, as real CAs do with their errors. */
      withNonce?: boolean;
    }
  | {
      /** Changes what Pebble answered; may take its time. */
      alter: (answer: Answer, exchange: Exchange) => Partial<Answer> | Promise<Partial<Answer>>;
    }
  /** No answer, until the client goes away. */
  | { hang: "before" | "after" }
  /** A TCP reset instead of an answer. */
  | { reset: "before" | "after" }
  /** Only so many bytes of the body, then the connection closes. */
  | { truncate: number }
  /** Writes what Pebble answered in a way of its own; resolves or not, when it is done with it. */
  | { write: (response: ServerResponse, answer: Answer) => unknown };

export type Rule = Match & Fault;

export interface Injection {
  /** How many requests it has befallen. */
  hits(): number;
  remove(): void;
}

/** Rules by age: the first that applies to a request befalls it. */
export function faults() {
  const rules = new Map<Rule, { met: number; hits: number }>();
  return {
    inject(rule: Rule): Injection {
      const tally = { met: 0, hits: 0 };
      rules.set(rule, tally);
      return { hits: () => tally.hits, remove: () => rules.delete(rule) };
    },
    /** Counts the request; call it once for each. */
    for(exchange: Exchange): Fault | undefined {
      let chosen: Fault | undefined;
      for (const [rule, tally] of rules) {
        if (!meets(exchange, rule)) continue;
        tally.met += 1;
        const due = tally.met === (rule.nth ?? tally.met);
        if (chosen || !due || tally.hits >= (rule.times ?? Infinity)) continue;
        tally.hits += 1;
        chosen = rule;
      }
      return chosen;
    },
  };
}

function meets(exchange: Exchange, { kind, when }: Match): boolean {
  if (kind !== undefined && kind !== exchange.kind) return false;
  return when === undefined || when(exchange);
}
