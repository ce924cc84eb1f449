import type { Run } from "../commands/run.ts";
import type { Shell } from "./shell.ts";

/** What writes the script for each shell. */
const SCRIPTS: Record<Shell, () => Promise<{ script: () => string }>> = {
  bash: () => import("./completion/bash.ts"),
  zsh: () => import("./completion/zsh.ts"),
};

/**
 * The script with which a shell completes our command line. It is here, and not with the other
 * commands, since it is made of the tables of commands and options.
 */
export const run: Run<{ shell: Shell }> = async ({ shell }) => {
  const { script } = await SCRIPTS[shell]();
  return { answer: { kind: "text", text: script() } };
};
