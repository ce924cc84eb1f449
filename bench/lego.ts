import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { requireTool } from "../test/support/tools.ts";
import type { Ca } from "./ca.ts";
import { folders } from "./folders.ts";
import { type Command, measure } from "./measure.ts";
import { newestOf } from "./newest.ts";
import type { Tool } from "./tool.ts";

/** lego 4 as Debian has it and users run it, with all certificates in one folder. */
export function lego(ca: Ca, dir: string): Tool {
  const sets = folders(join(dir, "fresh"));
  const program = requireTool("lego");
  const command = (path: string, names: readonly string[], ...more: string[]): Command => ({
    words: [
      ...[program, "--path", path, "--server", ca.directoryUrl],
      ...["--email", "me@example.com", "--accept-tos"],
      ...["--http", "--http.port", ca.answers],
      ...names.flatMap((name) => ["-d", name]),
      ...more,
    ],
    env: { LEGO_CA_CERTIFICATES: ca.caFile },
  });
  mkdirSync(dir, { recursive: true });
  return {
    name: "lego (Debian)",
    version: { words: [program, "--version"] },
    waits: true,
    async register() {
      // lego cannot make an account without a certificate.
      await measure(command(dir, ["account-of-lego.test"], "run"));
    },
    issue: (names) => command(dir, names, "run"),
    issueFresh: (names) => command(sets.create(names), names, "run"),
    idle: (name) => command(dir, [name], "renew", "--no-random-sleep"),
  };
}

/** The newest lego. It renews what is in its folder, so each certificate is in a new one. */
export function newestLego(ca: Ca, dir: string): Tool {
  const sets = folders(join(dir, "sets"));
  const fresh = folders(join(dir, "fresh"));
  const registered = join(dir, "registered");
  const program = newestOf("lego");
  const command = (path: string, names: readonly string[]): Command => ({
    words: [
      ...[program, "run", "--path", path, "--server", ca.directoryUrl],
      ...["--email", "me@example.com", "--accept-tos"],
      ...["--http", "--http.address", ca.answers, "--no-random-sleep"],
      ...names.flatMap((name) => ["-d", name]),
    ],
    env: { LEGO_CA_CERTIFICATES: ca.caFile },
  });
  mkdirSync(registered, { recursive: true });
  return {
    name: "lego (newest)",
    version: { words: [program, "--version"] },
    waits: true,
    async register() {
      await measure(command(registered, ["account-of-newest-lego.test"]));
    },
    issue(names) {
      const path = sets.create(names);
      cpSync(join(registered, "accounts"), join(path, "accounts"), { recursive: true });
      return command(path, names);
    },
    issueFresh: (names) => command(fresh.create(names), names),
    idle: (name) => command(sets.of(name), [name]),
  };
}
