import type { Stats } from "node:fs";
import { chmod, chown, type FileHandle } from "node:fs/promises";

/** A file that has just been made; its rights are changed without a path where that is possible. */
export interface NewFile extends AsyncDisposable {
  writeFile(data: string | Buffer): Promise<void>;
  stat(): Promise<Stats>;
  chmod(mode: number): Promise<void>;
  chown(uid: number, gid: number): Promise<void>;
}

/** The permission model of Node.js lets nobody change rights by a handle; the path is that of a folder of this user's, or root's. */
export function rightsByPath(file: FileHandle, path: string): NewFile {
  return {
    writeFile: (data) => file.writeFile(data),
    stat: () => file.stat(),
    chmod: (mode) => chmod(path, mode),
    chown: (uid, gid) => chown(path, uid, gid),
    [Symbol.asyncDispose]: () => file.close(),
  };
}
