import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { requireTool } from "../test/support/tools.ts";
import type { Ca } from "./ca.ts";
import { folders } from "./folders.ts";
import { type Command, measure } from "./measure.ts";
import type { Tool } from "./tool.ts";

/** certbot with its own responder. All of its files are in one folder, but for those with a new account. */
export function certbot(ca: Ca, dir: string): Tool {
  mkdirSync(dir, { recursive: true });
  const fresh = folders(join(dir, "fresh"));
  const within = (path: string, verb: string, ...more: string[]): Command => ({
    words: [
      ...[requireTool("certbot"), verb, "-n", "--config-dir", path],
      ...["--work-dir", join(path, "work"), "--logs-dir", join(path, "logs")],
      ...more,
    ],
    env: { REQUESTS_CA_BUNDLE: ca.caFile },
  });
  const command = (verb: string, ...more: string[]) => within(dir, verb, ...more);
  const [host = "", port = ""] = ca.answers.split(":");
  const account = ["--server", ca.directoryUrl, "--agree-tos"];
  const contact = ["--email", "me@example.com"];
  const renew = ["--no-random-sleep-on-renew"];
  const issuance = (names: readonly string[]) => [
    // Without this it would keep the certificate of an earlier run for these names.
    ...[...account, "--standalone", "--force-renewal"],
    ...["--http-01-address", host, "--http-01-port", port],
    ...names.flatMap((name) => ["-d", name]),
  ];
  return {
    name: "certbot",
    version: { words: [requireTool("certbot"), "--version"] },
    slow: true,
    async register() {
      await measure(command("register", ...account, ...contact));
    },
    issue: (names) => command("certonly", ...issuance(names)),
    issueFresh: (names) => within(fresh.create(names), "certonly", ...contact, ...issuance(names)),
    idle: (name) => command("renew", ...renew, "--cert-name", name),
    idleAll: command("renew", ...renew),
  };
}
