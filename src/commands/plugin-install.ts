import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Run } from "./run.ts";

/** The script that installs the Dokku plugin on a host. */
export const run: Run<object> = async (_wish, { home }) => {
  const script = await readFile(join(home, "host/install-plugin"), "utf8");
  return { answer: { kind: "text", text: script.trimEnd() } };
};
