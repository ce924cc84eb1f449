import { groupsOf, type Told } from "../check/groups.ts";
import { showName } from "../name.ts";
import { shownLines } from "../shown.ts";
import { type Column, type Drawing, drawTable } from "./drawn-table.ts";
import { table } from "./table.ts";
import { sayFact } from "./text.ts";
import { wrap } from "./wrap.ts";

/** What was found for a name at one address, or without any. */
export interface Row {
  name: string;
  address: string | undefined;
  verdict: string;
}

/** What a command that looks has found. */
export interface Looked {
  rows: readonly Row[];
  findings: readonly Told[];
  conclusion: string;
}

/** Longer lines are hard to read. */
const WIDEST = 100;
const INDENT = "  ";

/**
 * A table, each cause with what to do, and the conclusion. With `drawing` it fits into a terminal.
 * Safe to show, whatever it quotes.
 */
export function sayFindings(
  { rows, findings, conclusion }: Looked,
  drawing: Drawing | undefined,
): string {
  const levels = new Map(findings.map(({ cause, level }) => [cause, level]));
  const columns = columnsFor(levels);
  const cells = rows.map((row) => columns.map(({ say }) => say(row, Infinity)));
  const heads = columns.map(({ head }) => head);
  const drawn =
    drawing === undefined
      ? shownLines(table([heads, ...cells]))
      : drawTable(columns, rows, drawing).join("\n");
  const width = Math.min(drawing?.columns ?? Infinity, WIDEST);
  const lines = (text: string, indent = "") =>
    (drawing === undefined
      ? [text]
      : wrap(text, width - indent.length, (part) => drawing.screen.width(part))
    ).map((line) => indent + line);
  const causes = groupsOf(findings).map(({ first: { cause, level, fact, remedy }, names }) => {
    const mark = level === "fails" ? cause : `${cause} (advice)`;
    const found = lines(shownLines(`${mark}: ${sayFact(fact, names)}`));
    return [...found, ...lines(shownLines(remedy), INDENT)].join("\n");
  });
  return [drawn, ...causes, lines(conclusion).join("\n")].join("\n\n");
}

function columnsFor(levels: ReadonlyMap<string, Told["level"]>): Column<Row>[] {
  return [
    { head: "NAME", least: 18, most: 70, rank: 3, say: ({ name }) => showName(name) },
    { head: "ADDRESS", least: 15, most: 48, rank: 1, say: ({ address = "-" }) => address },
    {
      ...{ head: "VERDICT", least: 18, most: 18, rank: 2, say: ({ verdict }) => verdict },
      style({ verdict }) {
        const level = levels.get(verdict);
        return level === undefined ? undefined : level === "fails" ? "red" : "yellow";
      },
    },
  ];
}

/** For how many names something fails, if not for all. */
export function sayPart(findings: readonly Told[], all: number): string {
  const failing = findings.filter(({ level }) => level === "fails");
  const { size } = new Set(failing.map(({ name }) => name));
  const isAll = size === all || failing.some(({ name }) => name === undefined);
  return isAll ? "" : ` for ${size} of ${all} names`;
}
