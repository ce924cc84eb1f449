import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "../test/support/temp.ts";
import { findTool } from "../test/support/tools.ts";
import { type Ca, startCa } from "./ca.ts";
import { certbot } from "./certbot.ts";
import { lego } from "./lego.ts";
import type { Setting } from "./scenarios.ts";
import { NODE, sidecar } from "./sidecar.ts";
import { simpLe } from "./simp_le.ts";
import type { Results } from "./document.ts";
import type { Tool } from "./tool.ts";

export interface Bench extends AsyncDisposable {
  setting: Setting;
  /**
   * The same programs with their own accounts, at the same CA at this distance: a round trip in
   * milliseconds.
   */
  away(roundTrip: number): Promise<Setting & AsyncDisposable>;
  versions: Results["versions"];
  places: Results["places"];
}

/**
 * Starts a CA. Makes an account there for this program, run from its main module, and for each peer
 * that is installed.
 */
export async function startBench(main: string, { peers }: { peers: boolean }): Promise<Bench> {
  await using owned = new AsyncDisposableStack();
  const ca = owned.use(await startCa());
  const { path: dir } = owned.use(tempDir());
  const setting = await settingAt(ca, { dir, main, peers });
  const stack = owned.move();
  return {
    setting,
    async away(roundTrip) {
      const far = await ca.away(roundTrip);
      const where = { dir: join(dir, `${roundTrip}ms`), main, peers };
      return {
        ...(await settingAt(far, where)),
        [Symbol.asyncDispose]: () => far[Symbol.asyncDispose](),
      };
    },
    versions: [
      ...toolsOf(setting).map((tool) => [tool.name, versionOf(tool)] as const),
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

async function settingAt(
  ca: Ca,
  { dir, main, peers }: { dir: string; main: string; peers: boolean },
): Promise<Setting> {
  mkdirSync(join(dir, "fleet"), { recursive: true });
  const has = (name: "lego" | "certbot" | "simp_le") => peers && findTool(name) !== undefined;
  const setting: Setting = {
    ...{ ca, dir },
    ours: sidecar(ca, join(dir, "ours"), main),
    lego: has("lego") ? lego(ca, join(dir, "lego")) : undefined,
    certbot: has("certbot") ? certbot(ca, join(dir, "certbot")) : undefined,
    simpLe: has("simp_le") ? simpLe(ca, join(dir, "simp_le")) : undefined,
  };
  for (const tool of toolsOf(setting)) await tool.register();
  return setting;
}

const toolsOf = ({ ours, lego: one, certbot: two, simpLe: three }: Setting): Tool[] =>
  [ours, one, two, three].filter((tool) => tool !== undefined);

/**
 * The first number in a program's output. Debian's lego does not know its version, so ask for the
 * package's.
 */
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
