import assert from "node:assert/strict";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync, globSync, lstatSync, readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { runCli } from "../support/cli.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { startProcess } from "../support/process.ts";
import { type Recorder, startRecorder } from "../support/recorder.ts";
import { tempDir } from "../support/temp.ts";
import { requireTool, type Tool } from "../support/tools.ts";

export interface Setting extends AsyncDisposable {
  pebble: Pebble;
  recorder: Recorder;
  /** An empty folder of its own. */
  folder: () => Promise<string>;
  /** A copy of a tool's folder, links and all. */
  copyOf(dir: string): Promise<string>;
  certbot(dir: string, ...args: string[]): Promise<void>;
  lego(dir: string, ...args: string[]): Promise<void>;
}

/** One CA that believes every answer, and the tools whose accounts and certificates are imported. */
export async function startSetting(): Promise<Setting> {
  await using owned = new AsyncDisposableStack();
  const { path } = owned.use(tempDir());
  const pebble = owned.use(
    await startPebble({
      alwaysValid: true,
    }),
  );
  const recorder = owned.use(await startRecorder(pebble));
  let folders = 0;
  const folder = async () => {
    folders += 1;
    const dir = join(path, String(folders));
    await mkdir(dir);
    return dir;
  };
  const server = ["--server", recorder.directoryUrl];
  const stack = owned.move();
  return {
    pebble,
    recorder,
    folder,
    async copyOf(dir) {
      const copy = await folder();
      await cp(dir, copy, { recursive: true, verbatimSymlinks: true });
      return copy;
    },
    certbot: async (dir, ...args) =>
      runTool(
        "certbot",
        [
          ...[...args, ...(args.includes("--server") ? [] : server)],
          ...["--config-dir", dir, "--work-dir", await folder()],
          ...["--logs-dir", await folder(), "--agree-tos", "-n"],
        ],
        { REQUESTS_CA_BUNDLE: recorder.caFile },
      ),
    lego: (dir, ...args) =>
      runTool(
        "lego",
        [
          ...["--path", dir, "--accept-tos"],
          ...(args.includes("--server") ? [] : server),
          ...(args.includes("--email") ? [] : ["--email", "me@a.test"]),
          ...args,
        ],
        { LEGO_CA_CERTIFICATES: recorder.caFile, EXEC_PATH: "/bin/true" },
      ),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function runTool(tool: Tool, args: string[], env: Record<string, string>): Promise<void> {
  await using child = await startProcess(requireTool(tool), args, {
    env: { ...process.env, ...env },
  });
  const { code } = await child.exited;
  assert.equal(code, 0, child.output());
}

/** Imports from one folder into another. */
export function importFrom(from: string, into: string, ...more: string[]) {
  return runCli(["account", "import", from, "--certs_dir", into, ...more]);
}

/** Runs the command that an import gave, with what a test has to add to it. */
export async function goOn(
  { recorder, folder }: Pick<Setting, "recorder" | "folder">,
  said: string,
  ...more: string[]
) {
  const [, command = ""] = / with(?:, .*?)?: acme-sidecar (.*)$/m.exec(said) ?? [];
  const before = countsOf(recorder);
  const result = await runCli([
    ...command.replace("--server URL", `--server ${recorder.directoryUrl}`).split(" "),
    ...["--ca_bundle", recorder.caFile, "--default_root", await folder()],
    ...more,
  ]);
  const after = countsOf(recorder);
  return {
    ...result,
    requests: after.all - before.all,
    newAccounts: after.accounts - before.accounts,
  };
}

const countsOf = (recorder: Recorder) => ({
  all: recorder.count(),
  accounts: recorder.count("new-account"),
});

/** All that a folder holds: paths, modes, times, contents. */
export function imageOf(dir: string): string {
  const hash = createHash("sha256");
  for (const path of globSync("**", { cwd: dir }).sort()) {
    const file = join(dir, path);
    const { mode, mtimeMs, ctimeMs } = lstatSync(file);
    hash.update(JSON.stringify([path, mode, mtimeMs, ctimeMs]));
    if (lstatSync(file).isFile()) hash.update(readFileSync(file));
  }
  return hash.digest("hex");
}

/** What a folder holds besides the lock. */
export function filesIn(dir: string): string[] {
  return globSync("{*,.*}", { cwd: dir })
    .filter((file) => file !== ".acme-sidecar.lock")
    .sort();
}

/** The one path that a pattern finds. */
export function only(dir: string, pattern: string): string {
  const [path, ...others] = globSync(pattern, { cwd: dir });
  assert.ok(path !== undefined && others.length === 0, `${pattern} in ${dir}`);
  return join(dir, path);
}

/** Changes a JSON file. */
export async function edit(
  file: string,
  change: (value: Record<string, unknown>) => unknown,
): Promise<void> {
  const value = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
  await writeFile(file, JSON.stringify(change(value)));
}

/** Puts something else in a file's place, whether or not it is there, and a link or not. */
export async function put(file: string, text: string): Promise<void> {
  if (existsSync(file)) await rm(file);
  await writeFile(file, text);
}
