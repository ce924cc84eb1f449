import type { KeyObject } from "node:crypto";
import { AppError } from "../errors.ts";
import { checkFiles } from "../store/set.ts";
import { sleep } from "../time.ts";
import { accountFolder } from "./account/folder.ts";
import type { Attempt, Issuance, Issued } from "./attempt.ts";
import { caOf } from "./context.ts";
import { isOfType, makeKey, typeOf } from "./keys.ts";
import type { Target } from "./target.ts";

/** Gets and saves the certificate of a target, from the first CA that works. */
export async function issue(target: Target, issuance: Issuance): Promise<Issued> {
  const { ask, want } = target;
  const { why, look, context, session } = issuance;
  const { openResponder, emit } = context;
  emit({ type: "decided", why, names: want.names });
  await checkFiles(target.keep, emit);
  await greet(ask.from[0], issuance);
  await using responder = await openResponder(ask.method);
  const key = await certificateKey(target, look.found.key);
  emit({ type: "key", reused: key === look.found.key });
  const attempt = { ...issuance, responder, key };
  await context.preflight?.(target, { responder, session, context });
  const [first, ...others] = ask.from;
  let from = first;
  for (const to of others) {
    try {
      return await guarded(from, target, attempt);
    } catch (error) {
      if (!isOutOfUse(error)) throw error;
      emit({ type: "next-authority", error, from, to });
      from = to;
    }
  }
  return await guarded(from, target, attempt);
}

/** Fails at once if the same way has failed for other targets of this run. */
function guarded(from: string, target: Target, attempt: Omit<Attempt, "ca">): Promise<Issued> {
  const { ask, keep } = target;
  const account = accountFolder({ from, account: ask.account, keep }).place.dir;
  return attempt.session.strikes.guard({ authority: from, account }, async () => {
    const ca = await caOf(from, attempt);
    const { issueAt } = await import("./attempt.ts");
    const used = ca.known();
    try {
      return await issueAt(from, target, { ...attempt, ca });
    } catch (error) {
      // The CA may have moved since the directory was remembered.
      if (used === undefined || (await ca.isCurrent(used))) throw error;
      return await issueAt(from, target, { ...attempt, ca });
    }
  });
}

/** Whether another CA may succeed. It would not if the error is about a name. */
function isOutOfUse(error: unknown): error is AppError {
  return (
    error instanceof AppError && (error.scope === "authority" || error.code === "rate-limited")
  );
}

/**
 * Asks for the CA's directory and a nonce in the background, while the rest is loaded and the
 * responder starts. Only the first target at a CA does so.
 */
async function greet(from: string, issuance: Issuance): Promise<void> {
  if (issuance.session.cas.has(from)) return;
  const ca = await caOf(from, issuance);
  ca.greet();
  // Node.js connects in the next turn of its event loop.
  await sleep(2, issuance.context.signal);
}

function certificateKey({ ask, want }: Target, kept: KeyObject | undefined): Promise<KeyObject> {
  const fits = kept && (want.key === undefined || isOfType(kept, want.key));
  if (fits && ask.reuseKey) return Promise.resolve(kept);
  return makeKey(ask.key ?? (kept && typeOf(kept)) ?? "ec256");
}
