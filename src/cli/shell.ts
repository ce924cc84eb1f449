import type { Given } from "./given.ts";

/** The shells that can complete our command line. */
export const SHELLS = ["bash", "zsh"] as const;
export type Shell = (typeof SHELLS)[number];

export const SHELL_HINT = `Write ${SHELLS.map((shell) => `completion ${shell}`).join(" or ")}.`;

/** The shell that the operand names; undefined after a mistake. */
export function parseShell(given: Given, operand: string | undefined): Shell | undefined {
  const shell = SHELLS.find((each) => each === operand);
  if (shell === undefined && operand !== undefined)
    given.wrong(undefined, `There is no completion for "${operand}".`, { hint: SHELL_HINT });
  return shell;
}
