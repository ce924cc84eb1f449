import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Pack, pack } from "tar-stream";
import { AppError, messageOf, systemCode } from "../errors.ts";
import type { Bundle } from "../store/bundle.ts";
import { writeCertificates, writePrivateKey } from "../store/pem.ts";

/** A certificate, and the folder of the tar that it goes into; undefined: into none. */
export interface TarSet extends Bundle {
  folder: string | undefined;
}

/** The names that `dokku certs:add` looks for. */
const CERTIFICATE = "server.crt";
const KEY = "server.key";

/**
 * Writes certificates as a tar (ustar of POSIX, with pax headers for odd names): for each `server.crt`, the leaf and its chain, and
 * `server.key`, PKCS#8, both PEM, for root alone, with the time from which the leaf is valid. There are no other
 * entries. Each set is on its way as soon as it is given, and the next one is asked for when the
 * output can take more. The output is ended, unless it is the standard output.
 *
 * Rejects with `output-failed` as soon as a write fails, and closes the iteration when it
 * gives its next set; rejects with what the iteration throws, and the tar has no end then.
 */
export async function writeTar(
  sets: Iterable<TarSet> | AsyncIterable<TarSet>,
  output: Writable,
): Promise<void> {
  const tar = pack();
  const failure = new AbortController();
  const written = pipeline(tar, output).catch((error: unknown) => {
    failure.abort();
    throw unwritten(error);
  });
  const fed = feed(tar, sets, failure.signal).catch((error: unknown) => {
    tar.destroy();
    throw error;
  });
  await Promise.all([fed, written]);
}

async function feed(
  tar: Pack,
  sets: Iterable<TarSet> | AsyncIterable<TarSet>,
  failure: AbortSignal,
): Promise<void> {
  for await (const { folder, key, leaf, chain } of sets) {
    const path = folder === undefined ? "" : `${folder}/`;
    for (const [name, data] of [
      [CERTIFICATE, writeCertificates([leaf, ...chain])],
      [KEY, writePrivateKey(key)],
    ] as const) {
      if (failure.aborted) return;
      const file = { name: `${path}${name}`, mtime: leaf.validFromDate };
      await add(tar, file, data);
    }
  }
  if (!failure.aborted) tar.finalize();
}

/** Resolves when the output can take more, or nothing any more. */
function add(
  tar: Pack,
  file: { name: string; mtime: Date },
  data: string,
): Promise<void> {
  return new Promise((resolve) => {
    tar.entry({ ...file, mode: 0o600, uid: 0, gid: 0 }, data, () => {
      resolve();
    });
  });
}

/** What it is called when a reader goes away: a pipe, a connection, or another stream. */
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
