/** A stream for messages or answers. Only a terminal has these members. */
export interface Output extends NodeJS.WritableStream {
  isTTY?: boolean;
  columns?: number;
  rows?: number;
}

/** A stream, and what may be written to it. */
export interface Terminal {
  stream: Output;
  /** Whether it is a terminal, so that a person watches. */
  watched: boolean;
  colour: boolean;
  /** Whether written lines can be erased again. */
  redraws: boolean;
  /** Whether it shows more than ASCII. */
  unicode: boolean;
}

type Env = Record<string, string | undefined>;

const USUAL_COLUMNS = 80;
const USUAL_ROWS = 24;

/** What the environment variables say about a stream. */
export function terminalOf(stream: Output, env: Env): Terminal {
  const watched = stream.isTTY === true;
  const redraws = watched && !["", "dumb"].includes(env["TERM"] ?? "");
  return { stream, watched, redraws, colour: hasColour(env, redraws), unicode: isUnicode(env) };
}

/** As in Node.js, FORCE_COLOR wins over NO_COLOR. Empty variables do not count. */
function hasColour({ FORCE_COLOR: force, NO_COLOR: none }: Env, usual: boolean): boolean {
  if (force) return force !== "0" && force !== "false";
  return none ? false : usual;
}

function isUnicode({ LC_ALL, LC_CTYPE, LANG }: Env): boolean {
  const locale = [LC_ALL, LC_CTYPE, LANG].find((value) => value) ?? "";
  return /utf-?8/i.test(locale);
}

/** The current size. Some terminals do not know theirs. */
export function sizeOf({ columns, rows }: Output): { columns: number; rows: number } {
  const known = (value: number | undefined, usual: number) =>
    value !== undefined && value > 0 ? value : usual;
  return { columns: known(columns, USUAL_COLUMNS), rows: known(rows, USUAL_ROWS) };
}
