import { essence } from "../causes.ts";
import { showName } from "../name.ts";
import type { Finding } from "./observation.ts";

/** A finding, of whatever command. */
export type Told = Omit<Finding, "cause"> & { cause: string };

/** Findings of one cause: the first of them, and the names of all. */
export interface Group {
  first: Told;
  /** Empty if it concerns every name. */
  names: readonly string[];
}

/**
 * Groups findings by cause, first those that fail, and then those that concern the most names.
 * Findings that differ only in names and addresses have the same cause.
 */
export function groupsOf(findings: readonly Told[]): Group[] {
  const groups = [...Map.groupBy(findings, keyOf).values()].flatMap((same) => {
    const names = new Set(same.flatMap(({ name }) => name ?? []));
    return same[0] === undefined ? [] : [{ first: same[0], names: [...names] }];
  });
  const width = ({ names }: Group) => names.length || Infinity;
  const isAdvice = ({ first }: Group) => Number(first.level === "advice");
  return groups.sort((a, b) => isAdvice(a) - isAdvice(b) || width(b) - width(a));
}

/** A text that is equal for findings of the same cause. */
export function keyOf({ cause, fact, name = "" }: Told): string {
  return `${cause} ${essence(fact, [showName(name), name])}`;
}
