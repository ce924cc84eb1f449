import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { serveFolder } from "../test/support/real_simp_le.ts";
import { requireTool } from "../test/support/tools.ts";
import type { Ca } from "./ca.ts";
import { measure } from "./measure.ts";
import { folders } from "./folders.ts";
import type { Tool } from "./tool.ts";

const ACCOUNT = ["account_key.json", "account_reg.json"];
const FILES = [...ACCOUNT, "key.pem", "cert.pem", "chain.pem", "fullchain.pem"];

/** The real simp_le behind a web server, as it can only write files. */
export function simpLe(ca: Ca, dir: string): Tool {
  const root = join(dir, "root");
  const account = join(dir, "account");
  for (const path of [root, account]) mkdirSync(path, { recursive: true });
  const sets = folders(dir);
  const env = { PYTHONWARNINGS: "ignore" };
  const words = (names: readonly string[]) => [
    ...[requireTool("simp_le"), "--email", "me@example.com"],
    ...["--server", ca.directoryUrl, "--ca_bundle", ca.caFile],
    ...["--default_root", root],
    ...FILES.flatMap((file) => ["-f", file]),
    ...names.flatMap((name) => ["-d", name]),
  ];
  const answer = () => serveFolder(root, ca.httpPort);
  return {
    name: "simp_le",
    version: { words: [requireTool("simp_le"), "--version"], env },
    answer,
    slow: true,
    async register() {
      await using _server = await answer();
      const names = ["account-of-simp-le.test"];
      await measure({ words: words(names), cwd: account, env });
    },
    issue(names) {
      const cwd = sets.create(names);
      for (const file of ACCOUNT) cpSync(join(account, file), join(cwd, file));
      return { words: words(names), cwd, env };
    },
    issueFresh: (names) => ({ words: words(names), cwd: sets.create(names), env }),
    idle: (name) => ({
      words: words([name]),
      cwd: sets.of(name),
      env,
      codes: [1],
    }),
  };
}
