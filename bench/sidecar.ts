import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { STATE_FILE } from "../src/store/state.ts";
import type { Ca } from "./ca.ts";
import { folders } from "./folders.ts";
import { type Command, measure } from "./measure.ts";
import { nameOf } from "./names.ts";
import type { Tool } from "./tool.ts";

/** The node of node_modules, even if another one runs this file. */
export const NODE = resolve(import.meta.dirname, "../node_modules/node/bin/node");
const ACCOUNT = ["account_key.json", "account_reg.json"];
/** What a folder still has when its certificate is renewed, besides the certificate. */
const KEPT = [...ACCOUNT, STATE_FILE];
const FILES = [...ACCOUNT, "key.pem", "cert.pem", "chain.pem", "fullchain.pem"];
const MONTH = 2_592_000;

export interface Sidecar extends Tool {
  idle: (name: string) => Command;
  /** Like `issue` and `issueFresh`, but without `--valid_min`, so it asks the CA when to renew. */
  issueAsking(names: readonly string[]): Command;
  issueFreshAsking(names: readonly string[]): Command;
  /** Node.js without the program, started in the same way. */
  node: Command;
  /** One run that gets a certificate for each id, in folders below `certsDir`. */
  batch(ids: readonly string[], certsDir: string, code: 0 | 1): Command;
  /** Renews the certificates below a folder; nothing is due. */
  renew(certsDir: string): Command;
  status(certsDir: string): Command;
  /** The newest folder for a name. */
  folderOf(name: string): string;
}

/** Where its main module is: as in the image, with the compiled code beside it. */
export interface Installed {
  main: string;
}

/** This program, run from its main module. */
export function sidecar(ca: Ca, dir: string, { main }: Installed): Sidecar {
  const account = join(dir, "account");
  mkdirSync(account, { recursive: true });
  const sets = folders(dir);
  const env = { NODE_ENV: "production" };
  const program = [NODE, main];
  const trust = ["--ca_bundle", ca.caFile];
  const words = (names: readonly string[], ...more: string[]) => [
    ...[...program, "--email", "me@example.com", "--server", ca.directoryUrl],
    ...[...trust, "--listen", ca.answers],
    ...more,
    ...FILES.flatMap((file) => ["-f", file]),
    ...names.flatMap((name) => ["-d", name]),
  ];
  const issueFresh = (names: readonly string[], ...more: string[]) => ({
    words: words(names, ...more),
    cwd: sets.create(names),
    env,
  });
  const issue = (names: readonly string[], ...more: string[]) => {
    const command = issueFresh(names, ...more);
    for (const file of KEPT) cpSync(join(account, file), join(command.cwd, file));
    return command;
  };
  const later = ["--valid_min", `${MONTH}`];
  return {
    name: "acme-sidecar",
    version: { words: [...program, "--version"], env },
    node: { words: [NODE, "-e", "0"], env },
    async register() {
      const names = ["account-of-acme-sidecar.test"];
      await measure({ words: words(names), cwd: account, env });
    },
    issue: (names) => issue(names, ...later),
    issueFresh: (names) => issueFresh(names, ...later),
    issueAsking: (names) => issue(names),
    issueFreshAsking: (names) => issueFresh(names),
    idle: (name) => ({
      words: [...program, "-d", name],
      cwd: sets.of(name),
      env,
      codes: [1],
    }),
    batch(ids, certsDir, code) {
      const file = join(dir, "targets.json");
      writeFileSync(file, JSON.stringify(targets(ca, ids)));
      const where = ["--certs_dir", certsDir];
      const all = [...program, "batch", file, ...where, ...trust];
      return { words: all, env, codes: [code] };
    },
    renew: (certsDir) => ({
      words: [...program, "renew", certsDir, ...trust],
      ...{ env, codes: [1] },
    }),
    status: (certsDir) => ({
      words: [...program, "status", certsDir],
      ...{ env, codes: [0, 1] },
    }),
    folderOf: (name) => sets.of(name),
  };
}

function targets(ca: Ca, ids: readonly string[]): object {
  return {
    defaults: {
      email: "me@example.com",
      server: ca.directoryUrl,
      listen: ca.answers,
      valid_min: MONTH,
    },
    targets: ids.map((id) => ({ id, names: [nameOf(id)] })),
  };
}
