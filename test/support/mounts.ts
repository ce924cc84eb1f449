import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { atExit } from "./exit.ts";
import { run } from "./process.ts";
import { tempDir } from "./temp.ts";
import { findTool, requireTool, skipUnlessCI } from "./tools.ts";

/** The start of a command that sees `source` in the place of a file: in a mount namespace of its own. */
export function withFile(target: string, source: string): string[] {
  const asRoot = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  const script = 'mount --bind "$0" "$1" && shift && exec "$@"';
  return [
    ...[requireTool("unshare"), ...asRoot, "--mount"],
    ...["sh", "-c", script, source, target],
  ];
}

/** Why `withFile` does not work here; `false` if it does, and under CI. */
export async function mountSkip(target: string): Promise<string | false> {
  if (findTool("unshare") === undefined) return skipUnlessCI("unshare is not installed");
  try {
    const [program = "", ...args] = withFile(target, target);
    await run(program, [...args, "true"]);
    return false;
  } catch {
    return skipUnlessCI(`${target} may not be replaced for one process`);
  }
}

export interface SmallDisk extends AsyncDisposable {
  path: string;
  /** Fills it up until so much is left: blocks of 4096 bytes, or files that can be made. */
  leave(left: { blocks: number } | { files: number }): void;
  /** Takes out again what `leave` has put there. */
  empty(): void;
  /** Takes out all that is there. */
  clear(): void;
}

/** Why there can be no `smallDisk` here; `false` if there can, and under CI. */
export const smallDiskSkip =
  process.platform === "linux" && process.getuid?.() === 0
    ? false
    : skipUnlessCI("only root on Linux can mount a small disk");

/** A file system of its own, with room for little more than a certificate or two. */
export async function smallDisk(): Promise<SmallDisk> {
  await using owned = new AsyncDisposableStack();
  const { path } = owned.use(tempDir());
  const unmount = () => spawnSync("umount", ["--lazy", path]);
  await run("mount", [
    ...["-t", "tmpfs", "-o", "size=1m,nr_inodes=200,mode=0755"],
    ...["acme-sidecar-test", path],
  ]);
  owned.defer(() => void unmount());
  atExit(unmount);
  const filler = join(path, "filler");
  const empty = () => {
    rmSync(filler, { recursive: true, force: true });
  };
  const all = owned.move();
  return {
    path,
    empty,
    clear() {
      for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true });
    },
    leave(left) {
      empty();
      mkdirSync(filler);
      const { bavail, bsize, ffree } = statfsSync(path);
      if ("blocks" in left)
        writeFileSync(join(filler, "bytes"), Buffer.alloc((bavail - left.blocks) * bsize));
      else for (let n = left.files; n < ffree; n += 1) writeFileSync(join(filler, String(n)), "");
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Until disposed of, something makes a file one that nothing can be renamed over, also for root. */
function held(on: readonly string[], off: readonly string[]): Disposable {
  const [program = "", ...args] = on;
  const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${on.join(" ")}: ${stderr}`);
  const [undo = "", ...words] = off;
  const release = () => void spawnSync(undo, words);
  atExit(release);
  return { [Symbol.dispose]: release };
}

/** With the contents of another file, if one is given. */
export const mountedByItself = (file: string, source = file) =>
  held(["mount", "--bind", source, file], ["umount", file]);

/** Immutable or append-only (chattr(1)). */
export const flagged = (file: string, flag: "i" | "a") =>
  held(["chattr", `+${flag}`, file], ["chattr", `-${flag}`, file]);
