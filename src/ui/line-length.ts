import { cut } from "../causes.ts";
import type { Line } from "./text.ts";

/** The most characters in a line for people. */
export const LONGEST_LINE = 500;
/** Room for the time and level before the text. */
const MARGIN = 40;
const ROOM = LONGEST_LINE - MARGIN;
const REST = "(-v has the rest)";

/**
 * Shortens a message for people to one line or more. What to do follows the text if both fit into
 * `width` characters. Otherwise it is a line of its own, so that it leaves the text its room.
 */
export function fit({ text, hint }: Pick<Line, "text" | "hint">, width = ROOM): string[] {
  const lines = text.split("\n");
  const together = hint === undefined ? "" : `${lines.at(-1) ?? ""} ${hint}`;
  if (hint !== undefined && together.length <= Math.min(width, ROOM)) lines.splice(-1, 1, together);
  else if (hint !== undefined) lines.push(hint);
  return lines.map((line) => within(line, ROOM));
}

function within(line: string, length: number): string {
  if (line.length <= length) return line;
  return `${cut(line, length - REST.length - 1)} ${REST}`;
}
