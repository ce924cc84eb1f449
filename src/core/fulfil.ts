import { asAppError } from "../errors.ts";
import { once } from "../once.ts";
import { checkFolder } from "../store/folder.ts";
import { lock } from "../store/lock.ts";
import { checkOwner } from "../store/replaceable.ts";
import { fillSet, recoverSet } from "../store/set.ts";
import { caOf, type RunContext } from "./context.ts";
import { decide } from "./decide.ts";
import { type Look, lookAt } from "./look.ts";
import { type Memory, openMemory } from "./memory.ts";
import { type Outcome, subjectOf } from "./outcome.ts";
import { authorityToAsk, withRenewalInfo } from "./renewal.ts";
import type { Target } from "./target.ts";

/**
 * Gets or renews the certificate of a target if it is due. One run at a time works in a folder.
 * Never rejects: a failure is an outcome.
 */
export async function fulfil(target: Target, context: RunContext): Promise<Outcome> {
  const { now, signal, emit } = context;
  const { dir } = target.keep;
  const subject = subjectOf(target);
  let next: Date | undefined;
  try {
    checkFolder(dir);
    using _held = await lock(dir, { signal, emit });
    const memory = openMemory(dir, context);
    try {
      return { subject, ...(await fulfilLocked(target, memory, context)) };
    } catch (error) {
      if (!signal.aborted) await memory.failed(target, asAppError(error, signal), now());
      next = memory.state.failure?.next;
      throw error;
    }
  } catch (error) {
    return { subject, kind: "failed", error: asAppError(error, signal), next };
  }
}

async function fulfilLocked(target: Target, memory: Memory, context: RunContext) {
  const { keep, want } = target;
  const { now, emit } = context;
  const recovered = await recoverSet(keep, emit);
  await checkOwner(keep);
  const seen = lookAt(keep, memory.state);
  const look = { ...seen, origin: await askedAbout(target, seen, { memory, context }) };
  const decision = decide(want, look, now());
  if (decision.keep) {
    const { bundle, next } = decision;
    // A file may be missing even if the other files hold its contents.
    const filled = await fillSet(keep, look.found, emit);
    const certificate = bundle.leaf.fingerprint256;
    const news = recovered || filled || memory.state.unreported === certificate;
    await memory.kept(target, { origin: look.origin ?? { certificate }, news });
    const completed = news || memory.isOwed();
    const delivery = completed && context.delivers ? bundle : undefined;
    const notAfter = bundle.leaf.validToDate;
    const lacks = look.origin?.lacks ?? [];
    return { kind: "kept", completed, notAfter, next, lacks, delivery } as const;
  }
  // Most runs find nothing to do. Only the others load the code that talks to a CA.
  const { issue } = await import("./issue.ts");
  const session = await context.sessionFor(target.ask);
  const { why } = decision;
  const issued = await issue(target, { why, look, memory, context, session });
  return { kind: "issued", ...issued } as const;
}

/**
 * What we know of the current certificate. First asks a CA for renewal information, if it is time
 * for that and the certificate is not due anyway.
 */
async function askedAbout(
  target: Target,
  look: Look,
  { memory, context }: { memory: Memory; context: RunContext },
): Promise<Look["origin"]> {
  const { found, origin } = look;
  if (found.leaf === undefined || origin === undefined) return undefined;
  const now = context.now();
  const from = authorityToAsk(target, origin, now);
  if (from === undefined || !decide(target.want, look, now).keep) return origin;
  const session = await context.sessionFor(target.ask);
  const ca = await caOf(from, { context, session, memory });
  const question = await once(session.questions, from, async () => {
    const { openRenewalInfo } = await import("../acme/renewal-info.ts");
    return openRenewalInfo(ca, context);
  });
  const info = await question(found.leaf.raw);
  const told = withRenewalInfo(origin, { from, info }, context.random());
  const url = info.window?.explanation;
  if (url !== undefined) context.emit({ type: "renewal-explained", url });
  memory.used(from, ca.known());
  await memory.asked(told);
  return told;
}
