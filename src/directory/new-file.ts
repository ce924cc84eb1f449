import type { Stats } from "node:fs";
import { chmod, chown, type FileHandle } from "node:fs/promises";

/** A new file. Its mode and owner are changed by handle, where possible. */
export interface NewFile extends AsyncDisposable {
  writeFile(data: string | Buffer): Promise<void>;
  stat(): Promise<Stats>;
  chmod(mode: number): Promise<void>;
  chown(uid: number, gid: number): Promise<void>;
}

/**
 * The permission model of Node.js forbids changing mode and owner by handle. A path is safe here,
 * as the folder belongs to this user or to root.
 */
export function rightsByPath(file: FileHandle, path: string): NewFile {
  return {
    writeFile: (data) => file.writeFile(data),
    stat: () => file.stat(),
    chmod: (mode) => chmod(path, mode),
    chown: (uid, gid) => chown(path, uid, gid),
    [Symbol.asyncDispose]: () => file.close(),
  };
}
