import type { Writable } from "node:stream";
import type { Bundle } from "../store/bundle.ts";
import { writeCertificates, writePrivateKey } from "../store/pem.ts";
import { type TarEntry, writeEntries } from "./tar.ts";

/** A certificate and its folder in the tar; undefined: no folder. */
export interface TarSet extends Bundle {
  folder: string | undefined;
}

/** The file names that `dokku certs:add` requires. */
const CERTIFICATE = "server.crt";
const KEY = "server.key";

/**
 * Writes certificates as a tar. Each has two PEM files that only root may read: `server.crt`, the
 * leaf and its chain, and `server.key`, the key as PKCS#8. Their time is the start of the leaf's
 * validity. There are no other entries. Rejects like `writeEntries`.
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
