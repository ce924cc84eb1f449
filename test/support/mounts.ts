import { run } from "./process.ts";
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
  if (findTool("unshare") === undefined)
    return skipUnlessCI("unshare is not installed");
  try {
    const [program = "", ...args] = withFile(target, target);
    await run(program, [...args, "true"]);
    return false;
  } catch {
    return skipUnlessCI(`${target} may not be replaced for one process`);
  }
}
