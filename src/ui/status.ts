import type { StatusRow } from "../core/many/status.ts";
import { causesOf, cut, sayCauses } from "../causes.ts";
import { showName } from "../name.ts";
import { LONGEST_LINE } from "./line-length.ts";
import { table } from "./table.ts";
import { fileOf, names } from "./text.ts";

const WHY: Record<NonNullable<StatusRow["why"]>, string> = {
  "valid-min": "--valid_min",
  window: "the CA asks for it",
  lifetime: "its lifetime",
  missing: "there is none yet",
  incomplete: "its key or chain is missing or wrong",
  names: "other names",
  key: "another kind of key",
  profile: "another profile",
  expiring: "it ends soon",
  "renewal-info": "the CA asks for it",
  forced: "--force",
};

/**
 * The status of sets for programs: a table, or with `json` a list of objects, with times as in RFC
 * 3339.
 */
export function sayStatus(
  rows: readonly StatusRow[],
  { json, dir }: { json: boolean; dir: string },
): string {
  if (json) return JSON.stringify(rows.map(plain), null, 1);
  if (rows.length === 0) return `There is no certificate in ${dir} or below it.`;
  return table([
    ["ID", "NAMES", "CA", "PROFILE", "ENDS", "RENEWAL", "WHY", "LAST FAILURE"],
    ...rows.map(cells).map(bounded),
  ]);
}

function plain({ failure, ...row }: StatusRow): object {
  const { count, at, code, message, next } = failure ?? {};
  return {
    ...row,
    failure: failure && { count, at, code, message, next },
  };
}

function cells(row: StatusRow): string[] {
  const { id, profile, notAfter } = row;
  return [
    id,
    names(row.names),
    caOf(row),
    profile ?? "-",
    notAfter ? day(notAfter) : "-",
    renewal(row),
    withSource(row),
    [without(row), failed(row)].filter((text) => text !== undefined).join("; ") || "-",
  ];
}

/** The names that the certificate is not for (--allow_partial), by cause; undefined if it is for all. */
export function without({ lacks }: StatusRow): string | undefined {
  const causes = causesOf(lacks.map(({ name, detail }) => ({ name, text: detail })));
  return causes.length === 0 ? undefined : `without ${sayCauses(causes, showName)}`;
}

/** The last failure, on one line. */
export function failed({ failure }: StatusRow): string | undefined {
  if (failure === undefined) return undefined;
  const { count, at, message } = failure;
  return `${count} x, ${day(at)}: ${message.replaceAll(/\s*\n\s*/g, " ")}`;
}

/** Shortens the cells so that each row fits into a line. */
function bounded(row: readonly string[]): string[] {
  const before = row.slice(0, -1).map((cell, column) => cut(cell, WIDEST[column] ?? LONGEST_LINE));
  return [...before, ...row.slice(-1)];
}

export function caOf({ from }: StatusRow): string {
  return (from && URL.parse(from)?.host) ?? "-";
}

export function renewal({ recorded, next, flaw }: StatusRow): string {
  if (!recorded) return "not recorded";
  if (flaw !== undefined) return "broken";
  return next === undefined ? "due" : day(next);
}

export function reason({ why, flaw }: StatusRow): string {
  return flaw ?? (why === undefined ? "-" : WHY[why]);
}

function withSource(row: StatusRow): string {
  const { source } = row;
  return source?.gone === true
    ? `${reason(row)}; not in ${fileOf(source.file)} any more`
    : reason(row);
}

export const day = (date: Date) => date.toISOString().slice(0, 10);

/** The limits for cells; longer ones are cut. A row that is still too long is cut at its end. */
const WIDEST = [60, 100, 40, 30, 10, 12, 120];
