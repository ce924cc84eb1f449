import type { StatusRow } from "../core/many/status.ts";
import { showName } from "../name.ts";
import { DAY, HOUR } from "../time.ts";
import { bar } from "./bar.ts";
import { caOf, failed, reason, renewal, without } from "./status.ts";
import { type Column, cutFor, type Drawing, drawTable, type Style, styled } from "./drawn-table.ts";
import { fileOf } from "./text.ts";

const BAR = 10;
const INDENT = "  ";

/** The status of sets for a person at a terminal: a table, and a line of counts. */
export function drawStatus(rows: readonly StatusRow[], now: Date, drawing: Drawing): string {
  const [head = "", ...lines] = drawTable(columnsAt(now, drawing), rows, drawing);
  const room = drawing.columns - 1 - INDENT.length;
  const noted = rows.flatMap((row, index) => [
    lines[index] ?? "",
    ...notesOf(row).map(
      ({ text, style }) => INDENT + styled(cutFor(text, room, drawing), style, drawing),
    ),
  ]);
  return [head, ...noted, cutFor(sayCounts(rows, now), drawing.columns - 1, drawing)].join("\n");
}

function columnsAt(now: Date, { screen, unicode }: Drawing): Column<StatusRow>[] {
  const urgency = (row: StatusRow) => styleOf(row, now);
  const label = (row: StatusRow, room: number) => {
    const { id, names } = row;
    const [first = id, ...more] = names;
    const title = id === first ? "" : `${id}: `;
    const whole = title + names.map(showName).join(", ");
    if (more.length === 0 || screen.width(whole) <= room) return whole || id;
    const rest = ` +${more.length}`;
    const mark = unicode ? "…" : "...";
    return screen.cutTo(title + showName(first), Math.max(0, room - rest.length), mark) + rest;
  };
  return [
    { head: "NAMES", least: 18, most: 70, rank: 6, say: label },
    { head: "CA", least: 12, most: 30, rank: 2, say: caOf },
    {
      ...{ head: "LIFE LEFT", least: BAR, most: BAR, rank: 3, style: urgency },
      say: (row) => lifeLeft(row, now, unicode),
    },
    {
      ...{ head: "ENDS", least: 6, most: 6, rank: 5, style: urgency },
      say: ({ notAfter }) => (notAfter === undefined ? "-" : until(notAfter, now)),
    },
    { head: "RENEWAL", least: 12, most: 12, rank: 4, say: renewal, style: urgency },
  ];
}

/** Colour adds nothing that the words do not say. */
function styleOf({ notAfter, next, flaw }: StatusRow, now: Date): Style | undefined {
  if (flaw !== undefined || notAfter === undefined || notAfter <= now) return "red";
  return next === undefined || next <= now ? "yellow" : undefined;
}

function lifeLeft({ notBefore, notAfter }: StatusRow, now: Date, unicode: boolean): string {
  if (notBefore === undefined || notAfter === undefined) return "";
  const [start, end] = [notBefore.getTime(), notAfter.getTime()];
  const part = (end - now.getTime()) / Math.max(1, end - start);
  // Only what has ended is empty.
  return bar(Math.ceil(BAR * Math.min(1, Math.max(0, part))), BAR, unicode);
}

function until(end: Date, now: Date): string {
  const left = end.getTime() - now.getTime();
  if (left <= 0) return "ended";
  return left < 2 * DAY ? `${Math.floor(left / HOUR)} h` : `${Math.floor(left / DAY)} d`;
}

/** What a person should know besides, each on a line below the row. */
function notesOf(row: StatusRow): { text: string; style?: Style }[] {
  const { flaw, source, next, recorded } = row;
  const failure = failed(row);
  const lacking = without(row);
  const isDue = recorded && flaw === undefined && next === undefined;
  return [
    ...(flaw === undefined ? [] : [{ text: flaw, style: "red" as const }]),
    ...(isDue ? [{ text: `due: ${reason(row)}` }] : []),
    ...(lacking === undefined ? [] : [{ text: lacking, style: "yellow" as const }]),
    ...(failure === undefined ? [] : [{ text: `failed ${failure}`, style: "red" as const }]),
    ...(source?.gone === true ? [{ text: `not in ${fileOf(source.file)} any more` }] : []),
  ];
}

function sayCounts(rows: readonly StatusRow[], now: Date): string {
  const count = (what: string, is: (row: StatusRow) => boolean) => {
    const { length } = rows.filter(is);
    return length === 0 ? [] : [`${length} ${what}`];
  };
  const counts = [
    ...count("ended", ({ notAfter }) => notAfter !== undefined && notAfter <= now),
    ...count("due", ({ next, flaw, recorded }) => recorded && !flaw && (!next || next <= now)),
    ...count("broken", ({ flaw }) => flaw !== undefined),
    ...count("failed", ({ failure }) => failure !== undefined),
    ...count("not recorded", ({ recorded }) => !recorded),
  ];
  const all = `${rows.length} ${rows.length === 1 ? "set" : "sets"}`;
  return `${all}: ${counts.length === 0 ? "nothing is due" : counts.join(", ")}.`;
}
