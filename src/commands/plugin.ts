import { join } from "node:path";
import type { Run } from "./run.ts";

/** Writes the Dokku plugin to standard output, for an installation by hand. It will use `image`. */
export const run: Run<{ image: string | undefined }> = async ({ image }, { home, stdout }) => {
  const { writePlugin } = await import("../handoff/dokku-plugin.ts");
  await writePlugin({ dir: join(home, "plugin"), image }, stdout);
  return { answer: { kind: "written" } };
};
