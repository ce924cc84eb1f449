import { once } from "node:events";
import { styleText } from "node:util";
import { createLogger, format, transports } from "winston";
import { shown, shownLines } from "../shown.ts";
import { fit } from "./line-length.ts";
import { type Level, type Line, wholeOf, type Write } from "./text.ts";

export interface Log {
  write: Write;
  /** Resolves when everything is written. */
  close(): Promise<void>;
}

interface LogOptions {
  stream: NodeJS.WritableStream;
  json: boolean;
  verbose: boolean;
  /** No times, for a person who watches. */
  terminal: boolean;
  /** The width of the terminal now. */
  columns: () => number;
  colour: boolean;
}

const COLOURS = {
  error: "red",
  warn: "yellow",
  info: "green",
  debug: "gray",
} as const satisfies Record<Level, string>;

/** Writes messages to a stream: sentences, or one JSON object for each. */
export function openLog(options: LogOptions): Log {
  const { stream, json, verbose, terminal, colour } = options;
  const logger = createLogger({
    level: verbose ? "debug" : "info",
    transports: [new transports.Stream({ stream })],
    format: format.printf(({ level, message, fields }) => {
      const time = new Date().toISOString();
      if (json) return shown(JSON.stringify({ time, level, ...(fields as object), message }));
      const word = colour
        ? styleText(COLOURS[level as Level], level, { validateStream: false })
        : level;
      const mark = terminal ? word : `${time} ${word}`;
      // Only our own lines start without spaces. So quoted text cannot imitate a message.
      const text = shownLines(String(message)).replaceAll("\n", "\n  ");
      return `${mark}: ${text}`;
    }),
  });
  return {
    write(line, fields) {
      if (json) logger.log(line.level, wholeOf(line), { fields });
      else for (const { level, text } of forPeople(line, options)) logger.log(level, text);
    },
    async close() {
      const finished = once(logger, "finish");
      logger.end();
      await finished;
    },
  };
}

/** The lines for people. With -v, a message that was cut is also shown in full. */
function forPeople(line: Line, { terminal, columns }: LogOptions): Line[] {
  const whole: Line = { level: "debug", text: wholeOf(line) };
  const quiet = line.quiet === "always" || (line.quiet !== undefined && terminal);
  if (quiet || line.level === "debug") return [whole];
  const fitted = fit(line, terminal ? columns() - `${line.level}: `.length : undefined);
  const short: Line = { level: line.level, text: fitted.join("\n") };
  const isCut = fitted.join(" ") !== whole.text.replaceAll("\n", " ");
  return isCut ? [short, whole] : [short];
}
