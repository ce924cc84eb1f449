import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { tempDir } from "../test/support/temp.ts";
import { findTool } from "../test/support/tools.ts";
import { type Ca, startCa } from "./ca.ts";
import { caddy } from "./caddy.ts";
import { certbot } from "./certbot.ts";
import { lego, newestLego } from "./lego.ts";
import { findNewest } from "./newest.ts";
import type { Setting } from "./scenarios.ts";
import { type Installed, NODE, sidecar } from "./sidecar.ts";
import { simpLe } from "./simp_le.ts";
import type { Tool } from "./tool.ts";

export interface Options extends Installed {
  /** Whether other programs are compared too. */
  peers: boolean;
}

export interface Bench extends Setting, AsyncDisposable {
  /** Texts in this setting's commands, and what to show instead. */
  places: readonly (readonly [text: string, shown: string])[];
  /** All programs that are compared, by name. */
  versions: () => Record<string, string>;
}

type Made = [name: string, make: (ca: Ca, dir: string) => Tool, found: () => boolean];

const PEERS: readonly Made[] = [
  ["lego-debian", lego, () => findTool("lego") !== undefined],
  ["lego-newest", newestLego, () => findNewest("lego") !== undefined],
  ["certbot", certbot, () => findTool("certbot") !== undefined],
  ["simp_le", simpLe, () => findTool("simp_le") !== undefined],
  ["caddy", caddy, () => findNewest("caddy") !== undefined],
];

/**
 * Starts a CA at a distance, and makes an account there for this program. The other programs that
 * are installed get theirs when they are asked for.
 */
export async function startBench(
  roundTrip: number,
  { peers, ...installed }: Options,
): Promise<Bench> {
  await using owned = new AsyncDisposableStack();
  const ca = owned.use(await startCa(roundTrip));
  const { path: dir } = owned.use(tempDir());
  const ours = sidecar(ca, join(dir, "acme-sidecar"), installed);
  await ours.register();
  const present = peers ? PEERS.filter(([, , found]) => found()) : [];
  const others = present.map(([name, make]) => make(ca, join(dir, name)));
  const failures = peers
    ? PEERS.filter((one) => !present.includes(one)).map(([name]) => `${name} is not installed.`)
    : [];
  let registered: Promise<Tool[]> | undefined;
  const stack = owned.move();
  return {
    ...{ ca, dir, ours, away: roundTrip },
    async peers() {
      registered ??= registeredOf(ca, others, failures);
      return { tools: await registered, failures };
    },
    versions: () => ({
      ...Object.fromEntries([ours, ...others].map((tool) => [tool.name, versionOf(tool)])),
      "Node.js": execFileSync(NODE, ["--version"]).toString().trim(),
    }),
    places: [
      [ca.caFile, "CA"],
      [ca.directoryUrl, "URL"],
      [ca.answers, "127.0.0.1:PORT"],
      [`--http-01-port ${ca.httpPort}`, "--http-01-port PORT"],
      [join(dir, "acme-sidecar", "targets.json"), "FILE"],
      [installed.main, "dist/start.js"],
      [join(import.meta.dirname, "http2.ts"), "bench/http2.ts"],
      [dir, "DIR"],
    ],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Those that could make an account; of the others it says so. */
async function registeredOf(
  { silent }: Ca,
  tools: readonly Tool[],
  failures: string[],
): Promise<Tool[]> {
  const able: Tool[] = [];
  for (const tool of tools) {
    try {
      await tool.register();
      able.push(tool);
    } catch (error) {
      silent.throwIfAborted();
      console.error(`${tool.name} cannot make an account: ${(error as Error).message}`);
      failures.push(`${tool.name} failed, so it is left out.`);
    }
  }
  return able;
}

/**
 * The first number in a program's output. Debian's lego does not know its version, so ask for the
 * package's.
 */
function versionOf({ name, version: { words, env } }: Tool): string {
  const [program = "", ...args] = words;
  const { stdout } = spawnSync(program, args, {
    env: { ...process.env, ...env },
    encoding: "utf8",
  });
  return (
    MODULE.exec(stdout)?.[1] ??
    number(stdout) ??
    number(packaged(name.split(" ")[0] ?? name)) ??
    "of unknown version"
  );
}

/** The line about the module itself in what a Go program tells of its build. */
const MODULE = /^mod\s\S+\sv(\S+)/m;
const number = (text: string) => /\d+\.\d+(\.\d+)?/.exec(text)?.[0];

function packaged(name: string): string {
  try {
    const show = ["-W", "-f", "${Version}", name];
    return execFileSync("dpkg-query", show, { encoding: "utf8" });
  } catch {
    return "";
  }
}
