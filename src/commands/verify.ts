import { listed } from "../causes.ts";
import { type FoundSet, findSets } from "../core/many/find-sets.ts";
import { AppError } from "../errors.ts";
import { isWildcard, type Name, parseName, showName } from "../name.ts";
import { namesOf } from "../store/bundle.ts";
import { loadSet } from "../store/set.ts";
import { type Expected, isFor } from "../verify/judge.ts";
import type { Place } from "../verify/probe.ts";
import { openLimit, verify } from "../verify/verify.ts";
import type { Run } from "./run.ts";

interface Wish {
  dir: string;
  /** The names to look at; none: all names of the certificates that are no wildcards. */
  names: readonly Name[];
  address: Place | undefined;
}

interface Certified {
  dir: string;
  expected: Expected;
}

/**
 * Compares the certificates of the sets in a folder and below it with those that are served.
 * Throws an AppError, before it connects to any server, if a set or a name has no certificate.
 */
export const run: Run<Wish> = async ({ dir, names, address }, { now, signal }) => {
  const sets = (await findSets(dir)).flatMap((set) => certifiedBy(set) ?? []);
  if (sets.length === 0) throw unusable(`There is no certificate in ${dir}.`);
  const tasks = names.length > 0 ? chosen(names, sets, dir) : all(sets, dir);
  const limit = openLimit();
  const verdicts = await Promise.all(
    tasks.map(async ({ set, names: own }) => {
      const wish = { names: own, expected: set.expected, address, now, signal, limit };
      return (await verify(wish)).map((verdict) => ({ dir: set.dir, ...verdict }));
    }),
  );
  return { answer: { kind: "verdicts", verdicts: verdicts.flat(), at: now() } };
};

/** A set's certificate; undefined if it has none yet. */
function certifiedBy({ dir, target, files }: FoundSet): Certified | undefined {
  const { leaf, chain } = loadSet({ dir, formats: target?.keep.formats ?? files });
  if (leaf === undefined) return undefined;
  if (chain === undefined) throw unusable(`The chain of the certificate in ${dir} is missing.`);
  return { dir, expected: { leaf, chain } };
}

interface Task {
  set: Certified;
  names: readonly Name[];
}

function all(sets: readonly Certified[], dir: string): Task[] {
  const tasks = sets.map((set) => ({
    set,
    names: namesOf(set.expected.leaf).flatMap((text) => {
      const parsed = parseName(text);
      return "name" in parsed && !isWildcard(parsed.name) ? parsed.name : [];
    }),
  }));
  if (tasks.some(({ names }) => names.length > 0)) return tasks;
  throw unusable(
    `The certificates in ${dir} have wildcards only, and these have no address.`,
    "Give a name that they cover with -d.",
  );
}

/** Each name with the certificate for it; if several are, with the newest. */
function chosen(names: readonly Name[], sets: readonly Certified[], dir: string): Task[] {
  const begin = ({ expected: { leaf } }: Certified) => leaf.validFromDate.getTime();
  return names.map((name) => {
    const [set] = sets
      .filter(({ expected }) => isFor(expected.leaf, name))
      .sort((a, b) => begin(b) - begin(a));
    if (set !== undefined) return { set, names: [name] };
    const others = sets.flatMap(({ expected }) => namesOf(expected.leaf)).map(showName);
    throw unusable(
      `No certificate in ${dir} is for ${showName(name)}.`,
      `There are certificates for ${listed(others)}.`,
    );
  });
}

function unusable(message: string, hint?: string): AppError {
  return new AppError("bad-file", message, {
    hint: hint ?? "Run issue, batch or renew to get the certificate, or name its folder.",
    scope: "run",
  });
}
