import { cut } from "../causes.ts";
import type { Line } from "./text.ts";

/** The most characters in a line for people. */
export const LONGEST_LINE = 500;
/** Room for the time and level before the text. */
const MARGIN = 40;
const ROOM = LONGEST_LINE - MARGIN;
/** A shorter text would say too little. */
const SHORTEST_TEXT = 120;
const REST = "(-v has the rest)";

/**
 * Shortens a message for people. Only the text is cut, never the hint. If the hint would leave too
 * little room for the text, it becomes a second message.
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
