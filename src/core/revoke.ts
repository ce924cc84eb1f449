import { ProblemError } from "../acme/problem.ts";
import { revokeCertificate, type Revoker } from "../acme/revocation.ts";
import { openTransport } from "../acme/transport.ts";
import { AppError } from "../errors.ts";
import { namesOf } from "../store/bundle.ts";
import { lock } from "../store/lock.ts";
import { checkFolder } from "../store/folder.ts";
import { type Place, recoverSet } from "../store/set.ts";
import { loadState } from "../store/state.ts";
import { accountFolder, type AccountRef, enterIfShared } from "./account/folder.ts";
import { loadAccount } from "./account/open.ts";
import type { CaContext } from "./context.ts";
import { lookAt } from "./look.ts";
import type { Emit, Outcome } from "./outcome.ts";

export interface Revocation {
  /** The directory URLs of the CAs that may have issued it. */
  from: readonly [string, ...string[]];
  /** The owner and folder of the account. */
  account: AccountRef["account"];
  /** CRLReason of RFC 5280 section 5.3.1. */
  reason: number;
  keep: Place;
}

/**
 * Revokes the certificate of a set (RFC 8555 section 7.6) with its account, or with the
 * certificate's own key if that fails or there is no account. Changes no file. Throws an AppError.
 */
export async function revoke(
  { from, account, reason, keep }: Revocation,
  context: CaContext,
): Promise<Outcome> {
  const { signal, emit } = context;
  checkFolder(keep.dir);
  using _held = await lock(keep.dir, { signal, emit });
  await recoverSet(keep, emit);
  const { found, origin } = lookAt(keep, loadState(keep.dir));
  const { key, leaf } = found;
  if (leaf === undefined)
    throw missing(keep, "certificate", "the folder or the files that hold it");
  const directoryUrl = from.find((url) => url === origin?.from) ?? from[0];
  const { accountKey, registration } = await accountOf(
    { from: directoryUrl, account, keep },
    context,
  );
  // The owner of the certificate's key may revoke it, even without the account.
  const revokers: Revoker[] = [];
  if (accountKey) revokers.push({ by: "account", key: accountKey, registration });
  if (key) revokers.push({ by: "certificate", key });
  const revoked = await byFirst(revokers, emit, (revoker) =>
    revokeCertificate(
      openTransport({ ...context, directoryUrl, accountKey: revoker.key }),
      { certificate: leaf.raw, reason },
      { revoker, emit },
    ),
  );
  if (revoked === undefined)
    throw missing(keep, "key", "account_key.json or the file with the certificate's key");
  const names = namesOf(leaf);
  return {
    subject: { id: names[0] ?? keep.dir, names, dir: keep.dir },
    kind: "revoked",
    before: !revoked,
  };
}

/** Tries the revokers one after another, until the CA accepts one; undefined if there are none. */
async function byFirst(
  [first, ...others]: readonly Revoker[],
  emit: Emit,
  revoke: (revoker: Revoker) => Promise<boolean>,
): Promise<boolean | undefined> {
  if (first === undefined) return undefined;
  try {
    return await revoke(first);
  } catch (error) {
    if (!(error instanceof ProblemError) || others.length === 0) throw error;
    emit({ type: "revoking-by-key", error });
    // Report the first error: the user should fix the account.
    return byFirst(others, emit, revoke).catch(() => {
      throw error;
    });
  }
}

/** The set's account. The caller already holds the lock of the set's folder. */
async function accountOf(account: AccountRef, context: CaContext) {
  const folder = accountFolder(account);
  using _held = await enterIfShared(folder, context);
  const kept = await loadAccount(folder, context);
  return kept;
}

function missing({ dir, formats }: Place, what: string, which: string): AppError {
  return new AppError(
    "bad-file",
    `${dir} has no ${what} to revoke with (checked ${formats.join(", ")}).`,
    { hint: `Name ${which} with --certs_dir and -f.` },
  );
}
