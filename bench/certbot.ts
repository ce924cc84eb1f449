import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { requireTool } from "../test/support/tools.ts";
import type { Ca } from "./ca.ts";
import { measure } from "./measure.ts";
import type { Tool } from "./tool.ts";

/** certbot with its own responder. All of its files are in one folder. */
export function certbot(ca: Ca, dir: string): Tool & { renewAll: Tool["version"] } {
  mkdirSync(dir, { recursive: true });
  const command = (verb: string, ...more: string[]) => ({
    words: [
      ...[requireTool("certbot"), verb, "-n", "--config-dir", dir],
      ...["--work-dir", join(dir, "work"), "--logs-dir", join(dir, "logs")],
      ...more,
    ],
    env: { REQUESTS_CA_BUNDLE: ca.caFile },
  });
  const [host = "", port = ""] = ca.answers.split(":");
  const account = ["--server", ca.directoryUrl, "--agree-tos"];
  const renew = ["--no-random-sleep-on-renew"];
  return {
    name: "certbot",
    version: { words: [requireTool("certbot"), "--version"] },
    async register() {
      await measure(command("register", ...account, "--email", "me@example.com"));
    },
    issue: (names) =>
      Promise.resolve(
        command(
          "certonly",
          // Without this it would keep the certificate of an earlier run for these names.
          ...[...account, "--standalone", "--force-renewal"],
          ...["--http-01-address", host, "--http-01-port", port],
          ...names.flatMap((name) => ["-d", name]),
        ),
      ),
    idle: (name) => command("renew", ...renew, "--cert-name", name),
    renewAll: command("renew", ...renew),
  };
}
