import { once } from "node:events";
import { styleText } from "node:util";
import { createLogger, format, transports } from "winston";
import type { Write } from "./report.ts";
import type { Level } from "./text.ts";

export interface Log {
  write: Write;
  /** Resolves when everything has been written. */
  close(): Promise<void>;
}

interface LogOptions {
  stream: NodeJS.WritableStream;
  json: boolean;
  verbose: boolean;
  /** Colours, and no time, for somebody who is watching. */
  terminal: boolean;
}

const COLOURS = {
  error: "red",
  warn: "yellow",
  info: "green",
  debug: "gray",
} as const satisfies Record<Level, string>;

/** Writes lines to a stream: as sentences, or as one JSON object each. */
export function openLog({ stream, json, verbose, terminal }: LogOptions): Log {
  const logger = createLogger({
    level: verbose ? "debug" : "info",
    transports: [new transports.Stream({ stream })],
    format: format.printf(({ level, message, fields }) => {
      const time = new Date().toISOString();
      if (json)
        return JSON.stringify({ time, level, ...(fields as object), message });
      const mark = terminal
        ? styleText(COLOURS[level as Level], level, { validateStream: false })
        : `${time} ${level}`;
      return `${mark}: ${String(message)}`;
    }),
  });
  return {
    write: ({ level, text }, fields) => {
      logger.log(level, text, { fields });
    },
    async close() {
      const finished = once(logger, "finish");
      logger.end();
      await finished;
    },
  };
}
