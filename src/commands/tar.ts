import { flawOf, namesOf } from "../store/bundle.ts";
import { findSets, type FoundSet } from "../core/many/find-sets.ts";
import { AppError } from "../errors.ts";
import { type TarSet, writeTar } from "../handoff/certificates.ts";
import { loadSet } from "../store/set.ts";
import type { Run } from "./run.ts";

interface Choice {
  dir: string;
  /** The ids of the sets; empty for all. */
  ids: readonly string[];
}

/**
 * Writes certificates below a folder to standard output as a tar. A single certificate has no
 * folder there, as `dokku certs:add` requires. Several have folders named by their ids. Throws an
 * AppError, before it writes anything, if a certificate is missing or unusable.
 */
export const run: Run<Choice> = async ({ dir, ids }, { now, stdout }) => {
  const found = await findSets(dir);
  const chosen = ids.length === 0 ? found : ids.map((id) => choose(found, id));
  if (chosen.length === 0) throw unusable(`There is no certificate in ${dir}.`);
  const sets = chosen.map((set) => read(set, now()));
  const [only, ...others] = sets;
  await writeTar(
    only !== undefined && others.length === 0 ? [{ ...only, folder: undefined }] : sets,
    stdout,
  );
  return { answer: { kind: "written" } };
};

function choose(found: readonly FoundSet[], id: string): FoundSet {
  const set = found.find((each) => each.id === id);
  if (set !== undefined) return set;
  const ids = found.map((each) => each.id).filter((each) => each !== "");
  throw unusable(
    `--id ${id}: there is no such certificate.`,
    `There are ${ids.length === 0 ? "none" : ids.join(", ")}.`,
  );
}

function read({ id, dir, target, files }: FoundSet, now: Date): TarSet {
  const formats = target?.keep.formats ?? files;
  const { key, leaf, chain } = loadSet({ dir, formats });
  if (!key || !leaf || !chain)
    throw unusable(`The key, the certificate or its chain is missing in ${dir}.`);
  const bundle = { key, leaf, chain };
  const flaw = flawOf(bundle, namesOf(leaf), now);
  if (flaw !== undefined) throw unusable(`The certificate in ${dir} cannot be used: ${flaw}.`);
  return { ...bundle, folder: id || namesOf(leaf)[0] };
}

function unusable(message: string, hint?: string): AppError {
  return new AppError("bad-file", message, {
    hint:
      hint ?? "Run status to see what there is, then issue, batch or renew to get the certificate.",
    scope: "run",
  });
}
