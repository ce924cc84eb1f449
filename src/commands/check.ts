import type { Report } from "../check/check.ts";
import type { Question } from "../check/question.ts";
import type { HostPort } from "../challenge/dns/resolver.ts";
import type { Responder } from "../challenge/responder.ts";
import { accountFolder } from "../core/account/folder.ts";
import type { Method } from "../core/method.ts";
import type { Draft, Target } from "../core/target.ts";
import { AppError } from "../errors.ts";
import { thumbprintOf } from "../jwk.ts";
import { loadSet } from "../store/set.ts";
import { caContextOf } from "./network.ts";
import { openResponder } from "./responders.ts";
import type { Host, Run } from "./run.ts";

interface Check {
  target: Draft;
  /** The DNS servers to ask; none: the system's. */
  resolvers: readonly HostPort[];
}

/** Looks at the names of a target as the CA will do. Asks the CA for its directory only. */
export const run: Run<Check> = async ({ target, resolvers }, host) => {
  return { answer: { kind: "check", report: await checkTarget(target, resolvers, host) } };
};

export async function checkTarget(
  target: Draft,
  resolvers: readonly HostPort[],
  host: Host,
): Promise<Report> {
  const { check } = await import("../check/check.ts");
  const { network } = host;
  const { caBundle, userAgent } = target.ask;
  const context = await caContextOf(
    {
      ...network,
      caBundle: network.caBundle ?? caBundle,
      userAgent: network.userAgent ?? userAgent,
    },
    host,
  );
  await using opened = await responderFor(target.ask.method, host);
  const question = { ...askedOf(target), responder: opened.responder, resolvers };
  return await check(question, { ...context, authorities: new Map() });
}

/** What a check needs to know of a target. */
export function askedOf(
  target: Target | Draft,
): Pick<Question, "names" | "way" | "thumbprint" | "from"> {
  const { want, ask } = target;
  const way = ask.method.kind;
  const thumbprint = way === "stateless" ? knownThumbprint(target) : undefined;
  return { names: want.names, way, thumbprint, from: ask.from[0] };
}

/** The thumbprint of the account's key; undefined if there is no readable key yet. */
function knownThumbprint({ ask, keep }: Target | Draft): string | undefined {
  const account = { from: ask.from[0], account: ask.account, keep: { ...keep, pkcs12: undefined } };
  try {
    const { accountKey } = loadSet(accountFolder(account).place);
    return accountKey && thumbprintOf(accountKey);
  } catch {
    // A run that needs the key reports what is wrong with it.
    return undefined;
  }
}

/** Opens what answers. A port that is taken is something that the check reports. */
async function responderFor(
  method: Method,
  host: Host,
): Promise<{ responder: Responder | AppError } & AsyncDisposable> {
  const nothing = () => Promise.resolve();
  if (method.kind === "dns") {
    const { openStateless } = await import("../challenge/stateless.ts");
    return { responder: openStateless(), [Symbol.asyncDispose]: nothing };
  }
  try {
    const responder = await openResponder(method, host);
    return { responder, [Symbol.asyncDispose]: () => responder[Symbol.asyncDispose]() };
  } catch (error) {
    if (error instanceof AppError) return { responder: error, [Symbol.asyncDispose]: nothing };
    throw error;
  }
}
