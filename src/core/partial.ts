import { problemsIn, ProblemError } from "../acme/problem.ts";
import { AppError, type NameProblem } from "../errors.ts";
import { type Name, showName } from "../name.ts";
import { type Bundle, namesOf } from "../store/bundle.ts";
import { listed } from "../causes.ts";
import { isGoodForLong, type Why } from "./decide.ts";
import type { Look } from "./look.ts";
import { type Errand, obtain } from "./obtain.ts";

/** A certificate, and the wanted names that it is not for. */
export interface Reduced {
  bundle: Bundle;
  lacks: readonly NameProblem[];
}

/**
 * The most orders that follow the first one. One may be refused for some names, and the next one
 * fail for others. After that the run fails, and the next one waits longer.
 */
const MOST_FURTHER = 2;

/**
 * Gets a certificate without the names that the CA refuses or cannot validate: each failed order is
 * followed by one for the other names. Fails if no name would be left, or if the certificate would
 * lose one of the `kept` names.
 */
export async function obtainMost(errand: Errand, kept: ReadonlySet<string>): Promise<Reduced> {
  let { names } = errand;
  const lacks: NameProblem[] = [];
  for (let further = 0; ; further += 1) {
    try {
      return { bundle: await obtain({ ...errand, names }), lacks };
    } catch (error) {
      const failed = failuresIn(error, names);
      const out = new Set<string>(failed.map(({ name }) => name));
      const others = names.filter((name) => !out.has(name));
      if (!(error instanceof AppError) || further === MOST_FURTHER) throw error;
      if (failed.length === 0 || others.length === 0) throw error;
      const lost = [...out].filter((name) => kept.has(name));
      if (lost.length > 0) throw notYet(error, lost);
      errand.emit({ type: "left-out", error, names: [...out] });
      lacks.push(...failed);
      names = others;
    }
  }
}

/**
 * The names that the current certificate has and the next one must have too: all of them while it
 * is in use and good for long, since whatever fails may work again by then.
 */
export function keptNames({ found, origin }: Look, why: Why, now: Date): Set<string> {
  const { leaf } = found;
  const isUsable = why !== "missing" && why !== "incomplete";
  return new Set(leaf && isUsable && isGoodForLong(leaf, origin, now) ? namesOf(leaf) : []);
}

/** What these errors say of single names does not pass by itself. */
const ABOUT_NAMES = ["validation-failed", "name-refused", "ca-refused", "paused"];

/** The ordered names that an error is about, each once. */
function failuresIn(error: unknown, names: readonly Name[]): NameProblem[] {
  if (!(error instanceof AppError) || !ABOUT_NAMES.includes(error.code)) return [];
  const told = [
    ...error.problems,
    ...(error instanceof ProblemError ? inDetail(error, names) : []),
  ];
  return names.flatMap((name) => {
    const problem = told.find((each) => each.name.toLowerCase() === name);
    return problem === undefined ? [] : { name, code: problem.code, detail: problem.detail };
  });
}

/** A CA that refuses one name only may name it nowhere but in its sentence. */
function inDetail({ problem, code }: ProblemError, names: readonly Name[]): NameProblem[] {
  if (code === "ca-refused" || problem.subproblems.length > 0) return [];
  return names
    .filter((name) => namesWhole(problem.detail, name))
    .flatMap((about) => problemsIn({ ...problem, subproblems: [{ ...problem, about }] }));
}

/** Whether a text has a name that is not a part of a longer one. */
function namesWhole(text: string, name: string): boolean {
  const literal = name.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  return new RegExp(`(?<![\\w.*:-])${literal}(?![\\w:-]|\\.\\w)`, "i").test(text);
}

function notYet(error: AppError, lost: readonly string[]): AppError {
  const { code, message, hint = "", retryAfter, problems, scope } = error;
  return new AppError(code, message, {
    ...{ retryAfter, problems, scope, cause: error },
    hint: `${hint} The current certificate has ${listed(lost.map(showName))} and stays while it is good for long; --allow_partial leaves out such a name only later.`.trim(),
  });
}
