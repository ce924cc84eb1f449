import { cut } from "../causes.ts";
import type { Line } from "./text.ts";

/** No line for people is longer, in characters. */
export const LONGEST_LINE = 500;
/** What stands before a text: the time and the level. */
const MARGIN = 40;
const ROOM = LONGEST_LINE - MARGIN;
/** A text says something in so many characters. */
const SHORTEST_TEXT = 120;
const REST = "(-v has the rest)";

/**
 * What people read of a message: what happened is cut, what to do is not, and becomes a message
 * of its own where it leaves too little to the other.
 */
export function fit({ text, hint }: Pick<Line, "text" | "hint">): string[] {
  const lines = text.split("\n");
  const last = lines.pop() ?? "";
  const above = lines.map((line) => `${within(line, ROOM)}\n`).join("");
  if (hint === undefined) return [above + within(last, ROOM)];
  const room = ROOM - hint.length - 1;
  return room >= Math.min(SHORTEST_TEXT, last.length)
    ? [`${above}${within(last, room)} ${hint}`]
    : [above + within(last, ROOM), within(hint, ROOM)];
}

function within(line: string, length: number): string {
  if (line.length <= length) return line;
  return `${cut(line, length - REST.length - 1)} ${REST}`;
}
