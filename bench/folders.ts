import { mkdirSync } from "node:fs";
import { join } from "node:path";

/** New folders, for programs that need a folder for each certificate. */
export function folders(dir: string) {
  const last = new Map<string, string>();
  let made = 0;
  return {
    /** Makes a folder. It can be found again by the certificate's first name. */
    create([name = ""]: readonly string[]): string {
      made += 1;
      const path = join(dir, `set${made}`);
      mkdirSync(path, { recursive: true });
      last.set(name, path);
      return path;
    },
    /** The newest folder for a name. */
    of(name: string): string {
      const path = last.get(name);
      if (path === undefined) throw new Error(`no certificate for ${name}`);
      return path;
    },
  };
}
