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

/** The status of sets: a table, or with `json` a list of objects, with times as in RFC 3339. */
export function sayStatus(
  rows: readonly StatusRow[],
  { json, dir }: { json: boolean; dir: string },
): string {
  if (json) return JSON.stringify(rows.map(plain), null, 1);
  if (rows.length === 0) return `There is no certificate in ${dir} or below it.`;
  return table([
    ["ID", "NAMES", "CA", "PROFILE", "EXPIRES", "RENEWAL", "WHY", "LAST FAILURE"],
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
  const { id, from, profile, notAfter, next, flaw } = row;
  return [
    id,
    names(row.names),
    (from && URL.parse(from)?.host) ?? "-",
    profile ?? "-",
    notAfter ? day(notAfter) : "-",
    row.recorded ? renewal(next, flaw) : "not recorded",
    reason(row),
    troubles(row),
  ];
}

function troubles({ failure, lacks }: StatusRow): string {
  const told = failure
    ? [`${failure.count} x, ${day(failure.at)}: ${failure.message.replaceAll(/\s*\n\s*/g, " ")}`]
    : [];
  const causes = causesOf(lacks.map(({ name, detail }) => ({ name, text: detail })));
  if (causes.length > 0) told.unshift(`without ${sayCauses(causes, showName)}`);
  return told.join("; ") || "-";
}

/** Shortens the cells so that each row fits into a line. */
function bounded(row: readonly string[]): string[] {
  const before = row.slice(0, -1).map((cell, column) => cut(cell, WIDEST[column] ?? LONGEST_LINE));
  return [...before, ...row.slice(-1)];
}

function renewal(next: Date | undefined, flaw: string | undefined): string {
  if (flaw !== undefined) return "broken";
  return next === undefined ? "due" : day(next);
}

function reason({ why, flaw, source }: StatusRow): string {
  const said = flaw ?? (why === undefined ? "-" : WHY[why]);
  return source?.gone === true ? `${said}; not in ${fileOf(source.file)} any more` : said;
}

const day = (date: Date) => date.toISOString().slice(0, 10);

/** The limits for cells; longer ones are cut. A row that is still too long is cut at its end. */
const WIDEST = [60, 100, 40, 30, 10, 12, 120];
