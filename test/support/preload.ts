import { execFileSync } from "node:child_process";
import { constants } from "node:os";
import { join, resolve } from "node:path";
import { tempDir } from "./temp.ts";
import { missing, requireTool, skipUnlessCI } from "./tools.ts";

/** What is to happen to a program; test/fixtures/faults.c says what each word does. */
export interface Spoil {
  dir?: string;
  /** What the program says is counted instead of what it does in a folder. */
  fd?: 1 | 2;
  only?: "changes" | "renames";
  /** What every lock of a file is answered with. */
  locks?: keyof typeof constants.errno;
  /** What every socket of IPv6 is answered with. */
  ipv6?: keyof typeof constants.errno;
  at?: number;
  what?: "kill" | "tear" | keyof typeof constants.errno;
  times?: number;
  log?: string;
  /** Seconds, and milliseconds after the start. */
  clock?: { by: number; at?: number };
}

const SOURCE = resolve(import.meta.dirname, "../fixtures/faults.c");
let library: string | undefined;

/** Why `preload` does not work here; `false` if it does, and under CI. */
export const preloadSkip =
  process.platform === "linux" ? missing("gcc") : skipUnlessCI("LD_PRELOAD is Linux's");

/** The variables with which a program meets these faults, since a library stands between it and libc. */
export function preload(spoil: Spoil): Record<string, string> {
  library ??= compile();
  const { dir, fd, only, at, what, times, log, clock, locks, ipv6 } = spoil;
  const errno = what !== undefined && what !== "kill" && what !== "tear";
  const words = {
    FAULT_DIR: dir,
    FAULT_FD: fd,
    FAULT_ONLY: only,
    FAULT_AT: at,
    FAULT_DO: errno ? constants.errno[what] : what,
    FAULT_TIMES: times,
    FAULT_LOG: log,
    FAULT_LOCKS: locks && constants.errno[locks],
    FAULT_IPV6: ipv6 && constants.errno[ipv6],
    CLOCK_BY: clock?.by,
    CLOCK_AT: clock?.at,
  };
  const given = Object.entries(words).filter(([, value]) => value !== undefined);
  return {
    LD_PRELOAD: library,
    ...Object.fromEntries(given.map(([name, value]) => [name, String(value)])),
  };
}

function compile(): string {
  const file = join(tempDir().path, "faults.so");
  const args = ["-shared", "-fPIC", "-O2", "-Wall", "-Werror"];
  execFileSync(requireTool("gcc"), [...args, "-o", file, SOURCE, "-ldl"]);
  return file;
}
