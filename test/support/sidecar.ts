import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runCli, startCli } from "./cli.ts";
import { tempDir, type TempDir } from "./temp.ts";

interface Ca {
  directoryUrl: string;
  caFile: string;
}

export interface Sidecar extends AsyncDisposable {
  dir: string;
  /** Runs `acme-sidecar` for these names with the CA, the port and the folder given. */
  issue(names: readonly string[], ...more: string[]): ReturnType<typeof runCli>;
  start(names: readonly string[], ...more: string[]): ReturnType<typeof startCli>;
  /** Runs another command for the same CA and folder. */
  run(verb: string, ...more: string[]): ReturnType<typeof runCli>;
  startRun(verb: string, ...more: string[]): ReturnType<typeof startCli>;
  read(file: string): string;
  leaf(): X509Certificate;
}

/** The program with a folder of its own, at one CA that validates on one port. */
export function sidecar(
  { directoryUrl, caFile }: Ca,
  httpPort: number,
  { host = "127.0.0.1", env = {} }: { host?: string; env?: Record<string, string> } = {},
): Sidecar {
  const temp: TempDir = tempDir();
  const common = (more: readonly string[]) => [
    ...(more.includes("--server") ? [] : ["--server", directoryUrl]),
    ...["--ca_bundle", caFile, "--certs-dir", temp.path],
  ];
  const words = (names: readonly string[], more: string[]) => [
    ...common(more),
    ...["--email", "me@example.com"],
    ...(names.some((name) => name.includes(":")) ? [] : ["--listen", `${host}:${httpPort}`]),
    ...names.flatMap((name) => ["-d", name]),
    ...more,
  ];
  const read = (file: string) => readFileSync(join(temp.path, file), "utf8");
  return {
    dir: temp.path,
    issue: (names, ...more) => runCli(words(names, more), { env }),
    start: (names, ...more) => startCli(words(names, more), { env }),
    run: (verb, ...more) => runCli([...verb.split(" "), ...common(more), ...more], { env }),
    startRun: (verb, ...more) => startCli([...verb.split(" "), ...common(more), ...more], { env }),
    read,
    leaf: () => new X509Certificate(read("cert.pem")),
    [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose](),
  };
}

/** What the files of a set are now, to see whether anything changed. */
export function snapshot(
  dir: string,
  files = ["key.pem", "cert.pem", "chain.pem", "fullchain.pem"],
): string {
  return files.map((file) => readFileSync(join(dir, file), "utf8")).join("");
}
