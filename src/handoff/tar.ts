import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Pack, pack } from "tar-stream";
import { AppError, messageOf, systemCode } from "../errors.ts";

/** One file of a tar. */
export interface TarEntry {
  /** The path, without a leading slash or dot. */
  name: string;
  mode: number;
  mtime: Date;
  data: string | Buffer;
}

/**
 * Writes files as a tar (POSIX ustar, with pax headers for unusual names). All files belong to
 * root. Each entry is sent at once; the next one is read when the output is ready for more. Ends
 * the output, unless that is standard output. Resolves when the system has taken everything.
 * Rejects with `output-failed` as soon as a write fails; the iteration is closed at its next entry.
 * Rejects with any error of the iteration; then the tar is incomplete.
 */
export async function writeEntries(
  entries: Iterable<TarEntry> | AsyncIterable<TarEntry>,
  output: Writable,
): Promise<void> {
  const tar = pack();
  const failure = new AbortController();
  const written = pipeline(tar, output).catch((error: unknown) => {
    failure.abort();
    throw unwritten(error);
  });
  const fed = feed(tar, entries, failure.signal).catch((error: unknown) => {
    tar.destroy();
    throw error;
  });
  await Promise.all([fed, written]);
}

async function feed(
  tar: Pack,
  entries: Iterable<TarEntry> | AsyncIterable<TarEntry>,
  failure: AbortSignal,
): Promise<void> {
  for await (const entry of entries) {
    if (failure.aborted) return;
    await add(tar, entry);
  }
  if (!failure.aborted) tar.finalize();
}

/** Resolves when the output is ready for more, or broken. */
function add(tar: Pack, { data, ...file }: TarEntry): Promise<void> {
  return new Promise((resolve) => {
    tar.entry({ ...file, uid: 0, gid: 0 }, data, () => {
      resolve();
    });
  });
}

/** The error codes if the reader goes away: for a pipe, a connection, or another stream. */
const GONE = ["EPIPE", "ECONNRESET", "ERR_STREAM_PREMATURE_CLOSE"];

function unwritten(error: unknown): AppError {
  const gone = GONE.includes(systemCode(error) ?? "");
  return new AppError(
    "output-failed",
    `The tar cannot be written: ${gone ? "nobody reads it any more" : messageOf(error)}.`,
    {
      hint: "See what the program that reads it says, and run again.",
      scope: "run",
      cause: error,
    },
  );
}
