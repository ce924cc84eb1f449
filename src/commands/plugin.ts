import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Outcome } from "../core/outcome.ts";
import type { Process } from "./network.ts";

/** The script that installs the plugin, or the plugin itself for those who do that by hand, and the image that it is to use. */
export type PluginPart = { kind: "script" } | { kind: "tar"; image: string | undefined };

/** Writes a part of what the folder of the program has for Dokku to the standard output. Throws an AppError. */
export async function plugin(
  part: PluginPart,
  { home, stdout }: Pick<Process, "home" | "stdout">,
): Promise<Outcome[]> {
  const dir = join(home, "plugin");
  const subject = { id: "plugin", names: [], dir };
  if (part.kind === "script") {
    const script = await readFile(join(home, "host/install-plugin"), "utf8");
    return [{ subject, kind: "told", text: script.trimEnd() }];
  }
  const { writePlugin } = await import("../handoff/dokku-plugin.ts");
  await writePlugin({ dir, image: part.image }, stdout);
  return [{ subject, kind: "told", text: undefined }];
}
