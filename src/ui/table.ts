import { cut } from "../causes.ts";
import { LONGEST_LINE } from "./line-length.ts";

/** Rows as lines. All columns except the last are as wide as their widest cell. */
export function table(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0),
        )
        .join("  "),
    )
    .map((row) => cut(row, LONGEST_LINE))
    .join("\n");
}
