import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "../test/support/temp.ts";
import { findTool } from "../test/support/tools.ts";
import { startCa } from "./ca.ts";
import { certbot } from "./certbot.ts";
import { lego } from "./lego.ts";
import type { Setting } from "./scenarios.ts";
import { NODE, sidecar } from "./sidecar.ts";
import { simpLe } from "./simp_le.ts";
import type { Results } from "./document.ts";
import type { Tool } from "./tool.ts";

export interface Bench extends AsyncDisposable {
  setting: Setting;
  versions: Results["versions"];
  places: Results["places"];
}

/** A CA, this program from its main module, and those peers that are installed, all with an account. */
export async function startBench(main: string, { peers }: { peers: boolean }): Promise<Bench> {
  await using owned = new AsyncDisposableStack();
  const ca = owned.use(await startCa());
  const { path: dir } = owned.use(tempDir());
  mkdirSync(join(dir, "fleet"));
  const has = (name: "lego" | "certbot" | "simp_le") => peers && findTool(name) !== undefined;
  const setting: Setting = {
    ...{ ca, dir },
    ours: sidecar(ca, join(dir, "ours"), main),
    lego: has("lego") ? lego(ca, join(dir, "lego")) : undefined,
    certbot: has("certbot") ? certbot(ca, join(dir, "certbot")) : undefined,
    simpLe: has("simp_le") ? simpLe(ca, join(dir, "simp_le")) : undefined,
  };
  const { ours, lego: one, certbot: two, simpLe: three } = setting;
  const tools = [ours, one, two, three].filter((tool) => tool !== undefined);
  for (const tool of tools) await tool.register();
  const stack = owned.move();
  return {
    setting,
    versions: [
      ...tools.map((tool) => [tool.name, versionOf(tool)] as const),
      ["Node.js", execFileSync(NODE, ["--version"]).toString().trim()],
    ],
    places: [
      [ca.caFile, "CA"],
      [ca.directoryUrl, "URL"],
      [ca.answers, "127.0.0.1:PORT"],
      [`--http-01-port ${ca.httpPort}`, "--http-01-port PORT"],
      [join(dir, "ours", "targets.json"), "FILE"],
      [main, "dist/main.js"],
      [dir, "DIR"],
    ],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** The first number in what a program says; Debian's lego does not know its own, but its package does. */
function versionOf({ name, version: { words, env } }: Tool): string {
  const [program = "", ...args] = words;
  const said = execFileSync(program, args, {
    env: { ...process.env, ...env },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return number(said) ?? number(packaged(name)) ?? "of unknown version";
}

const number = (text: string) => /\d+\.\d+(\.\d+)?/.exec(text)?.[0];

function packaged(name: string): string {
  try {
    const show = ["-W", "-f", "${Version}", name];
    return execFileSync("dpkg-query", show, { encoding: "utf8" });
  } catch {
    return "";
  }
}
