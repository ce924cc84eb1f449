import type { Writable } from "node:stream";
import type { Bundle } from "../store/bundle.ts";
import { writeCertificates, writePrivateKey } from "../store/pem.ts";
import { type TarEntry, writeEntries } from "./tar.ts";

/** A certificate, and the folder of the tar that it goes into; undefined: into none. */
export interface TarSet extends Bundle {
  folder: string | undefined;
}

/** The names that `dokku certs:add` looks for. */
const CERTIFICATE = "server.crt";
const KEY = "server.key";

/**
 * Writes certificates as a tar: for each `server.crt`, the leaf and its chain, and `server.key`, PKCS#8, both PEM, for
 * root alone, with the time from which the leaf is valid. There are no other entries.
 *
 * Rejects as `writeEntries` does.
 */
export function writeTar(
  sets: Iterable<TarSet> | AsyncIterable<TarSet>,
  output: Writable,
): Promise<void> {
  return writeEntries(entriesOf(sets), output);
}

async function* entriesOf(
  sets: Iterable<TarSet> | AsyncIterable<TarSet>,
): AsyncGenerator<TarEntry> {
  for await (const { folder, key, leaf, chain } of sets) {
    const path = folder === undefined ? "" : `${folder}/`;
    const file = { mode: 0o600, mtime: leaf.validFromDate };
    const certificates = writeCertificates([leaf, ...chain]);
    yield { ...file, name: `${path}${CERTIFICATE}`, data: certificates };
    yield { ...file, name: `${path}${KEY}`, data: writePrivateKey(key) };
  }
}
