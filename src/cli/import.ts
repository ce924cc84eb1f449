import { resolve } from "node:path";
import type { Import } from "../commands/import.ts";
import { AUTHORITIES, parseServers } from "./server.ts";
import { parsePlace } from "./target.ts";
import { usage } from "./usage.ts";
import { checkCoverage } from "./values.ts";
import { listOf, type Options, textOf } from "./words.ts";

/** What is to be imported from a folder. */
export function parseImport(
  folder: string | undefined,
  options: Options,
  cwd: string,
): Import {
  if (folder === undefined)
    throw usage(
      "There is no folder to import from.",
      "Write account import DIR, and options after it.",
    );
  const servers = listOf(options, "server");
  const dir = textOf(options, "certs_dir");
  const keep = parsePlace(options, cwd);
  checkCoverage(keep);
  return {
    from: resolve(cwd, folder),
    wanted: listOf(options, "vhost"),
    server: servers.length === 0 ? undefined : parseServers(servers)[0],
    known: Object.values(AUTHORITIES).filter((url) => url !== undefined),
    keep,
    words: [
      ...(dir === undefined ? [] : ["--certs_dir", dir]),
      ...listOf(options, "file").flatMap((file) => ["-f", file]),
    ],
  };
}
