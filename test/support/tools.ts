import { accessSync, constants, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";

const SOURCES = {
  pebble: "go install github.com/letsencrypt/pebble/v2/cmd/pebble@latest",
  "pebble-challtestsrv":
    "go install github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv@latest",
  caddy: "apt-get install caddy",
  certbot: "apt-get install certbot",
  lego: "apt-get install lego",
  nginx: "apt-get install nginx",
  knotd: "apt-get install knot",
  unbound: "apt-get install unbound",
  ip: "apt-get install iproute2",
  nsupdate: "apt-get install bind9-dnsutils",
  openssl: "apt-get install openssl",
  tmux: "apt-get install tmux",
  unshare: "apt-get install util-linux",
  setpriv: "apt-get install setpriv",
  docker: "apt-get install docker.io",
  bats: "apt-get install bats",
  jq: "apt-get install jq",
  mandoc: "apt-get install mandoc",
  zsh: "apt-get install zsh",
  wrk: "apt-get install wrk",
  curl: "apt-get install curl",
  gcc: "apt-get install gcc libc6-dev",
  simp_le: "scripts/setup",
};

export type Tool = keyof typeof SOURCES;

const PEBBLE: Tool[] = ["pebble", "pebble-challtestsrv", "openssl"];

/** The path of a program; throws, and says how to get it, if there is none. */
export function requireTool(name: Tool): string {
  const path = findTool(name);
  if (path === undefined) throw new Error(lacking(name));
  return path;
}

/**
 * For `test(name, { skip: missing("nginx") }, ...)`. Without the tool the test is
 * skipped, and says so; under CI it runs, and fails in `requireTool`.
 * "pebble" stands for all that `startPebble` needs.
 */
export function missing(...names: Tool[]): string | false {
  const wanted = names.flatMap((name) => (name === "pebble" ? PEBBLE : name));
  const lost = wanted.find((name) => findTool(name) === undefined);
  return lost === undefined ? false : skipUnlessCI(lacking(lost));
}

/** The reason for a skip, shouted; `false` under CI, where nothing may be skipped. */
export function skipUnlessCI(reason: string): string | false {
  if (process.env["CI"]) return false;
  console.error(`!!! TEST SKIPPED: ${reason}`);
  return reason;
}

/** Looks in the repository's .cache/bin, in Go's bin directory, then in PATH. */
export function findTool(name: Tool): string | undefined {
  return places()
    .map((place) => join(place, name))
    .find(isProgram);
}

function places(): string[] {
  const { GOBIN, GOPATH, PATH = "" } = process.env;
  return [
    resolve(import.meta.dirname, "../../.cache/bin"),
    GOBIN ?? join(GOPATH ?? join(homedir(), "go"), "bin"),
    ...PATH.split(delimiter).filter((place) => place !== ""),
    "/usr/sbin",
  ];
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function lacking(name: Tool): string {
  return `${name} is not installed (get it with: ${SOURCES[name]})`;
}
