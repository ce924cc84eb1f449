import { styleText } from "node:util";
import { shown } from "../shown.ts";
import type { Screen } from "./screen.ts";

export type Style = "red" | "yellow" | "bold";

/** A column of a table at a terminal. */
export interface Column<Row> {
  head: string;
  /** How many columns of the screen it needs. Wider cells are cut there at the least. */
  least: number;
  /** How many it takes at most. */
  most: number;
  /** Those with the lowest rank are left out first, if there is no room for their least widths. */
  rank: number;
  /** The text of a cell, which may depend on the room for it. */
  say: (row: Row, room: number) => string;
  style?: (row: Row) => Style | undefined;
}

export interface Drawing {
  /** The width of the terminal. */
  columns: number;
  colour: boolean;
  unicode: boolean;
  screen: Screen;
}

/** How to write an answer: as JSON, drawn at a terminal, or as lines. */
export interface Format {
  json: boolean;
  drawing: Drawing | undefined;
}

const GAP = 2;
/** The columns that are never left out. The one with the highest rank is cut instead. */
const FEWEST = 2;

/** A line for the heads, and one for each row. None is wider than the terminal. */
export function drawTable<Row>(
  all: readonly Column<Row>[],
  rows: readonly Row[],
  drawing: Drawing,
): string[] {
  const { screen } = drawing;
  const sized = all.map((column) => {
    const { head, least, most, say } = column;
    const cells = rows.map((row) => screen.width(shown(say(row, most))));
    const natural = Math.min(
      most,
      cells.reduce((a, b) => Math.max(a, b), screen.width(head)),
    );
    return { column, natural, width: Math.min(least, natural) };
  });
  const byRank = sized.toSorted((a, b) => b.column.rank - a.column.rank);
  const spare = () =>
    // The last column of the screen stays free, as some terminals wrap there.
    byRank.reduce((room, { width }) => room - width - GAP, drawing.columns - 1 + GAP);
  while (byRank.length > FEWEST && spare() < 0) byRank.pop();
  const [first] = byRank;
  if (first !== undefined) first.width = Math.max(1, first.width + Math.min(0, spare()));
  for (const each of byRank)
    each.width += Math.max(0, Math.min(each.natural - each.width, spare()));
  const kept = sized.filter((each) => byRank.includes(each));
  const line = (cells: readonly [text: string, style: Style | undefined][]) =>
    cells
      .map(([text, style], index) => {
        const room = Math.min(kept[index]?.width ?? 0, drawing.columns - 1);
        const cut = cutFor(text, room, drawing);
        const isLast = index === cells.length - 1;
        return styled(cut, style, drawing) + " ".repeat(isLast ? 0 : room - screen.width(cut));
      })
      .join(" ".repeat(GAP))
      .trimEnd();
  return [
    line(kept.map(({ column }) => [column.head, "bold"])),
    ...rows.map((row) =>
      line(kept.map(({ column, width }) => [column.say(row, width), column.style?.(row)])),
    ),
  ];
}

/** A text as one line of at most this many columns of the screen. */
export function cutFor(text: string, room: number, { screen, unicode }: Drawing): string {
  return screen.cutTo(shown(text), room, unicode ? "…" : "...");
}

export function styled(text: string, style: Style | undefined, { colour }: Drawing): string {
  if (!colour || style === undefined || text === "") return text;
  return styleText(style, text, { validateStream: false });
}
