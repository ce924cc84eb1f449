import { mkdirSync } from "node:fs";
import { requireTool } from "../test/support/tools.ts";
import type { Ca } from "./ca.ts";
import { measure } from "./measure.ts";
import type { Tool } from "./tool.ts";

/** lego as users run it, with all certificates in one folder. */
export function lego(ca: Ca, dir: string): Tool {
  mkdirSync(dir, { recursive: true });
  const command = (names: readonly string[], ...more: string[]) => ({
    words: [
      ...[requireTool("lego"), "--path", dir, "--server", ca.directoryUrl],
      ...["--email", "me@example.com", "--accept-tos"],
      ...["--http", "--http.port", ca.answers],
      ...names.flatMap((name) => ["-d", name]),
      ...more,
    ],
    env: { LEGO_CA_CERTIFICATES: ca.caFile },
  });
  return {
    name: "lego",
    version: { words: [requireTool("lego"), "--version"] },
    async register() {
      // lego cannot make an account without a certificate.
      await measure(command(["account-of-lego.test"], "run"));
    },
    issue: (names) => Promise.resolve(command(names, "run")),
    idle: (name) => command([name], "renew", "--no-random-sleep"),
  };
}
