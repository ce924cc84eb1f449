import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Ca } from "./ca.ts";
import { folders } from "./folders.ts";
import { type Command, measure } from "./measure.ts";
import { newestOf } from "./newest.ts";
import type { Tool } from "./tool.ts";

/** The newest Caddy, from its start until it has stored all certificates, one for each name. */
export function caddy(ca: Ca, dir: string): Tool {
  const program = newestOf("caddy");
  const sets = folders(join(dir, "sets"));
  const registered = join(dir, "registered");
  const command = (storage: string, names: readonly string[]): Command => {
    const config = join(storage, "config.json");
    writeFileSync(config, JSON.stringify(configuration(ca, storage, names)));
    const issuer = new URL(ca.directoryUrl);
    const from = join(storage, "certificates", `${issuer.hostname}-${issuer.port}-dir`);
    return {
      words: [program, "run", "--config", config],
      env: { HOME: storage },
      // It writes this file of a certificate last.
      until: names.map((name) => join(from, name, `${name}.json`)),
    };
  };
  mkdirSync(registered, { recursive: true });
  return {
    name: "caddy",
    version: { words: [program, "build-info"] },
    slow: true,
    async register() {
      await measure(command(registered, ["account-of-caddy.test"]));
    },
    issue(names) {
      const storage = sets.create(names);
      cpSync(join(registered, "acme"), join(storage, "acme"), { recursive: true });
      return command(storage, names);
    },
    issueFresh: (names) => command(sets.create(names), names),
    each: (names) => command(sets.create(names), names),
  };
}

function configuration(ca: Ca, root: string, names: readonly string[]): object {
  const [host] = ca.answers.split(":");
  const issuer = {
    module: "acme",
    ca: ca.directoryUrl,
    email: "me@example.com",
    trusted_roots_pem_files: [ca.caFile],
    challenges: {
      bind_host: host,
      http: { alternate_port: ca.httpPort },
      "tls-alpn": { disabled: true },
    },
  };
  return {
    admin: { disabled: true },
    storage: { module: "file_system", root },
    apps: {
      tls: {
        certificates: { automate: names },
        automation: { policies: [{ issuers: [issuer], key_type: "p256" }] },
      },
    },
  };
}
