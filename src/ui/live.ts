import { Writable } from "node:stream";
import type { Emit } from "../core/outcome.ts";
import { SECOND } from "../time.ts";
import { openProgress } from "./progress.ts";
import { sayProgress } from "./progress-lines.ts";
import type { Region } from "./screen.ts";
import { sizeOf, type Terminal } from "./terminal.ts";

/** What a person at a terminal sees of long work, below the messages. */
export interface Live {
  /** For messages: they scroll above. */
  stream: Writable;
  note: Emit;
  /** Erases it for good. */
  close(): void;
}

interface Surroundings {
  signal: AbortSignal;
  /** Calls a function when the program goes on after it was stopped. */
  onResume: (then: () => void) => void;
}

/** The milliseconds between two drawings at least, and at most if only time has passed. */
const SHORTEST_PAUSE = 100;
const LONGEST_PAUSE = SECOND;

/** Draws how far a run is, from the moment when there is work. */
export function openLive(terminal: Terminal, { signal, onResume }: Surroundings): Live {
  const { stream, unicode } = terminal;
  const progress = openProgress(() => performance.now());
  let region: Region | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isOpening = false;
  let isClosed = false;
  let isNew = false;
  let drawnAt = 0;

  const write = (text: string) => {
    if (text !== "") stream.write(text);
  };
  const open = async () => {
    isOpening = true;
    const screen = await import("./screen.ts");
    if (isClosed) return;
    const opened = screen.openRegion(() => sizeOf(stream));
    region = opened;
    const tick = () => {
      const now = performance.now();
      const tally = progress.tally();
      if (tally === undefined || !(isNew || now - drawnAt >= LONGEST_PAUSE)) return;
      [isNew, drawnAt] = [false, now];
      const { columns } = sizeOf(stream);
      write(opened.show(sayProgress(tally, { columns, unicode, screen })));
    };
    timer = setInterval(tick, SHORTEST_PAUSE).unref();
  };
  const stop = () => {
    isClosed = true;
    clearInterval(timer);
    region = undefined;
  };
  const close = () => {
    write(region?.erase() ?? "");
    stop();
  };
  signal.addEventListener("abort", close, { once: true });
  // The terminal is gone.
  stream.once("error", stop);
  stream.on("resize", () => {
    isNew = true;
  });
  onResume(() => region?.forget());
  return {
    stream: new Writable({
      decodeStrings: false,
      write(text: string, _encoding, done) {
        write(region?.above(text) ?? text);
        done();
      },
    }),
    note(event, target) {
      progress.note(event, target);
      isNew = true;
      if (!isOpening && !isClosed && progress.tally() !== undefined) void open();
    },
    close,
  };
}
