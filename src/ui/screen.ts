/**
 * The only module that uses the packages for terminals. It is loaded when something is drawn.
 */
import { createLogUpdate } from "log-update";
import sliceAnsi from "slice-ansi";
import stringWidth from "string-width";

/** What measures texts: the functions of this module. */
export interface Screen {
  width(text: string): number;
  cutTo(text: string, columns: number, mark: string): string;
}

/** How many columns of the screen a text takes. */
export function width(text: string): number {
  return stringWidth(text);
}

/** The start of a text that is too wide, with a mark at its end. */
export function cutTo(text: string, columns: number, mark: string): string {
  if (width(text) <= columns) return text;
  return sliceAnsi(text, 0, Math.max(0, columns - mark.length)) + mark.slice(0, columns);
}

/**
 * Lines at the end of what a terminal shows, which are drawn again and again. Each function returns
 * what to write.
 */
export interface Region {
  show(lines: readonly string[]): string;
  /** Puts whole lines above. */
  above(text: string): string;
  erase(): string;
  /** What was drawn is somewhere else now. */
  forget(): void;
}

export function openRegion(size: () => { columns: number; rows: number }): Region {
  let written = "";
  let drawn: readonly string[] = [];
  let before = size().columns;
  const update = createLogUpdate(
    {
      get columns() {
        return size().columns;
      },
      get rows() {
        return size().rows;
      },
      write(text: string) {
        written += text;
        return true;
      },
    } as unknown as NodeJS.WritableStream,
    // A cursor that was hidden would stay hidden if the program is killed.
    { showCursor: true },
  );
  const draw = (lines: readonly string[]) => {
    drawn = lines;
    before = size().columns;
    if (lines.length > 0) update(lines.join("\n"));
  };
  const erase = () => {
    const { columns } = size();
    // A terminal that became narrower has wrapped what was drawn. The package does not know.
    if (columns < before)
      for (const line of drawn)
        written += "\u001b[A\u001b[2K".repeat(Math.max(0, Math.ceil(width(line) / columns) - 1));
    if (drawn.length > 0) update.clear();
    drawn = [];
  };
  const take = () => {
    const text = written;
    written = "";
    return text;
  };
  return {
    show(lines) {
      if (size().columns !== before) erase();
      draw(lines);
      return take();
    },
    above(text) {
      const lines = drawn;
      erase();
      written += text;
      draw(lines);
      return take();
    },
    erase() {
      erase();
      return take();
    },
    forget() {
      drawn = [];
      update.done();
    },
  };
}
