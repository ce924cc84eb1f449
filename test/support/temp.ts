import { mkdtempSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atExit } from "./exit.ts";

export interface TempDir extends AsyncDisposable {
  path: string;
}

/** A new empty directory; removed with all that is in it, at the latest when the process ends. */
export function tempDir(): TempDir {
  const path = mkdtempSync(join(tmpdir(), "acme-sidecar-test-"));
  atExit(() => {
    rmSync(path, REMOVE);
  });
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, REMOVE);
    },
  };
}

const REMOVE = { recursive: true, force: true, maxRetries: 3 };
