import { join } from "node:path";
import type { Run } from "./run.ts";

/** Writes the Dokku plugin to the standard output, for those who install it by hand; `image` is what it is to use. */
export const run: Run<{ image: string | undefined }> = async ({ image }, { home, stdout }) => {
  const { writePlugin } = await import("../handoff/dokku-plugin.ts");
  await writePlugin({ dir: join(home, "plugin"), image }, stdout);
  return { answer: { kind: "written" } };
};
