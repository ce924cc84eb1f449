import type { KeyObject } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { AppError } from "../errors.ts";
import { checkFiles } from "../store/set.ts";
import { accountFolder } from "./account/folder.ts";
import type { Attempt, Issuance, Issued } from "./attempt.ts";
import { caOf } from "./context.ts";
import { isOfType, makeKey, typeOf } from "./keys.ts";
import type { Target } from "./target.ts";

/** Gets and saves the certificate of a target, from the first CA that works. */
export async function issue(target: Target, issuance: Issuance): Promise<Issued> {
  const { ask, want } = target;
  const { why, look, context } = issuance;
  const { openResponder, emit } = context;
  emit({ type: "decided", why, names: want.names });
  await checkFiles(target.keep, emit);
  await greet(ask.from[0], issuance);
  await using responder = await openResponder(ask.method);
  const key = await certificateKey(target, look.found.key);
  emit({ type: "key", reused: key === look.found.key });
  const attempt = { ...issuance, responder, key };
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
function guarded(from: string, target: Target, attempt: Attempt): Promise<Issued> {
  const { ask, keep } = target;
  const account = accountFolder({ from, account: ask.account, keep }).place.dir;
  return attempt.session.strikes.guard({ authority: from, account }, async () => {
    const { issueAt } = await import("./attempt.ts");
    return issueAt(from, target, attempt);
  });
}

/** Whether another CA may succeed. It would not if the error is about a name. */
function isOutOfUse(error: unknown): error is AppError {
  return (
    error instanceof AppError && (error.scope === "authority" || error.code === "rate-limited")
  );
}

/**
 * Asks for the CA's directory in the background, while the rest is loaded and the responder starts.
 * Only the first target at a CA does so. An error counts only when the directory is needed.
 */
async function greet(from: string, { context, session }: Issuance): Promise<void> {
  if (session.cas.has(from)) return;
  const ca = await caOf(from, { context, session });
  ca.directory().catch(() => undefined);
  // Node.js connects in the next turn of its event loop.
  await turn();
}

function certificateKey({ ask, want }: Target, kept: KeyObject | undefined): Promise<KeyObject> {
  const fits = kept && (want.key === undefined || isOfType(kept, want.key));
  if (fits && ask.reuseKey) return Promise.resolve(kept);
  return makeKey(ask.key ?? (kept && typeOf(kept)) ?? "ec256");
}
