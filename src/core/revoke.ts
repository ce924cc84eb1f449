import { Authority } from "../acme/authority.ts";
import { AppError } from "../errors.ts";
import { namesOf } from "../store/bundle.ts";
import { lock } from "../store/lock.ts";
import { checkFolder, loadSet, type Place, recoverSet } from "../store/set.ts";
import type { Surroundings } from "./fulfil.ts";
import type { Outcome } from "./outcome.ts";

/** A certificate that is to be revoked: where it is, and the URL of the directory of its CA. */
export interface Revocation {
  from: string;
  keep: Place;
}

/**
 * Revokes the certificate of a set (RFC 8555 section 7.6) by its account or, where the set has none, by its
 * own key. Changes no file. Throws an AppError.
 */
export async function revoke(
  { from, keep }: Revocation,
  surroundings: Omit<Surroundings, "openResponder">,
): Promise<Outcome> {
  const { signal, emit } = surroundings;
  await checkFolder(keep.dir);
  using _held = await lock(keep.dir, signal, emit);
  await recoverSet(keep, emit);
  const { accountKey, registration, key, leaf } = await loadSet(keep);
  if (leaf === undefined)
    throw missing(keep, "certificate", "the folder or the files that hold it");
  const signer = accountKey ?? key;
  if (signer === undefined)
    throw missing(
      keep,
      "key",
      "account_key.json or the file with the certificate's key",
    );
  const authority = new Authority({
    ...surroundings,
    directoryUrl: from,
    accountKey: signer,
    contact: [],
    registration,
    keep: () => Promise.resolve(),
  });
  const revoked = await authority.revoke(leaf.raw, {
    byKey: accountKey === undefined,
  });
  const names = namesOf(leaf);
  return {
    subject: { id: names[0] ?? keep.dir, names, dir: keep.dir },
    kind: "revoked",
    before: !revoked,
  };
}

function missing(
  { dir, formats }: Place,
  what: string,
  which: string,
): AppError {
  return new AppError(
    "bad-file",
    `There is no ${what} to revoke with in ${dir} (looked into ${formats.join(", ")}).`,
    { hint: `Name ${which} with --certs_dir and -f.` },
  );
}
