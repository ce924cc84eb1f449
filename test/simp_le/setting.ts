import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FORMAT_NAMES, type FormatName } from "../../src/store/formats.ts";
import { environment } from "../support/environment.ts";
import { serveFolder } from "../support/real_simp_le.ts";
import type { Recorder } from "../support/recorder.ts";
import { type Certs, certsDir, fileFlags } from "../support/simp_le.ts";
import { tempDir } from "../support/temp.ts";

/** Files that simp_le itself wrote; see the README beside them. */
export const KEPT = join(import.meta.dirname, "../fixtures/simp_le");
/** What they are for. */
export const NAMES = ["a.test", "www.a.test"];
/** Longer than any certificate here lives. */
export const DUE = ["--valid_min", "2000000000"];

/**
 * What a test may have simp_le write: it cuts off the last byte of a key or a
 * certificate in DER that ends like white space, one in forty, and then neither
 * program can read the set.
 */
export const TEXT = FORMAT_NAMES.filter((name) => !name.endsWith(".der"));

export const readKept = (name: FormatName): Buffer => readFileSync(join(KEPT, name));

/** A folder with these files as simp_le left them, or with what becomes of them. */
export function keptFiles(
  names: readonly FormatName[] = FORMAT_NAMES,
  change: (data: Buffer, name: FormatName) => string | Buffer = (data) => data,
): Certs {
  return certsDir(Object.fromEntries(names.map((name) => [name, change(readKept(name), name)])));
}

export interface Exchange extends AsyncDisposable {
  /** What stands between the programs and Pebble. */
  recorder: Recorder;
  /** A folder that is served where Pebble looks. */
  root: string;
  /** Words that name the CA; both programs understand them. */
  ca: string[];
  /** The same, and the names and files. */
  words(set: readonly FormatName[]): string[];
}

/** A CA, and a web server with a folder. */
export async function exchange(): Promise<Exchange> {
  await using owned = new AsyncDisposableStack();
  // simp_le waits as long as it is told to.
  const { pebble, recorder } = owned.use(await environment({ retryAfter: { authz: 0, order: 0 } }));
  const root = owned.use(tempDir()).path;
  owned.use(await serveFolder(root, pebble.httpPort));
  const { directoryUrl, caFile } = recorder;
  const ca = ["--server", directoryUrl, "--ca_bundle", caFile];
  const stack = owned.move();
  return {
    ...{ recorder, root, ca },
    words: (set) => [
      ...[...ca, "--email", "me@example.com"],
      ...NAMES.flatMap((name) => ["-d", `${name}:${root}`]),
      ...fileFlags(set),
    ],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
