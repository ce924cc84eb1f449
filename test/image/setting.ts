import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Container, type Ended, runContainer, startContainer } from "../support/docker.ts";
import { startGateway } from "../support/gateway.ts";
import { type Pebble, type PebbleOptions, startPebble } from "../support/pebble.ts";
import { type Recorder, startRecorder } from "../support/recorder.ts";
import { tempDir } from "../support/temp.ts";
import { skipUnlessCI } from "../support/tools.ts";

export const FILES = [
  "account_key.json",
  "key.pem",
  "cert.pem",
  "chain.pem",
  "fullchain.pem",
] as const;

interface How {
  /** Options of `docker run`. */
  docker?: readonly string[];
  /** Further words for the program. */
  more?: readonly string[];
  /** The port of the loopback address that leads to the container's port 80; the one that Pebble asks, if nothing else. */
  port?: number;
  /** How the folder is mounted. */
  mount?: "ro" | "rw";
}

export interface Setting extends AsyncDisposable {
  pebble: Pebble;
  recorder: Recorder;
  /** What is mounted at /certs. */
  dir: string;
  read: (file: string) => string;
  issue: (names: readonly string[], how?: How) => Promise<Ended>;
  start: (names: readonly string[], how?: How) => Promise<Container>;
  /** Runs the image with these words alone; the CA, which is told, is trusted. */
  run: (
    words: (directoryUrl: string) => readonly string[],
    how?: Omit<How, "more">,
  ) => Promise<Ended>;
}

/** These tests make folders for other users, read what root wrote there, and remove it. */
export function notRoot(): string | false {
  return process.getuid?.() === 0
    ? false
    : skipUnlessCI("the tests of the image have to run as root");
}

/** A Pebble that containers can reach, a recorder before it, and the image with an empty folder. */
export async function setting(options?: PebbleOptions): Promise<Setting> {
  await using stack = new AsyncDisposableStack();
  const pebble = stack.use(await startPebble(options));
  const recorder = stack.use(await startRecorder(pebble));
  const gateway = stack.use(await startGateway(recorder));
  const dir = stack.use(tempDir()).path;
  const mounts = ({ docker = [], port, mount = "rw" }: How) => [
    ...["-p", `127.0.0.1:${port ?? pebble.httpPort}:80`],
    ...["-v", `${dir}:/certs:${mount}`, "-v", `${gateway.caFile}:/ca.pem:ro`],
    ...docker,
  ];
  const words = (names: readonly string[], { more = [] }: How) => [
    ...["--email", "you@example.com"],
    ...FILES.flatMap((file) => ["-f", file]),
    ...names.flatMap((name) => ["-d", name]),
    ...["--server", gateway.directoryUrl, "--ca_bundle", "/ca.pem"],
    ...more,
  ];
  const all = stack.move();
  return {
    pebble,
    recorder,
    dir,
    read: (file) => readFileSync(join(dir, file), "utf8"),
    issue: (names, how = {}) => runContainer(mounts(how), words(names, how)),
    start: (names, how = {}) => startContainer(mounts(how), words(names, how)),
    run: (words, how = {}) =>
      runContainer(
        [...mounts(how), "-e", "ACME_SIDECAR_CA_BUNDLE=/ca.pem"],
        words(gateway.directoryUrl),
      ),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
