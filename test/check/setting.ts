import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Finding } from "../../src/check/observation.ts";
import { runCli } from "../support/cli.ts";
import { type NameServers, startNameServers } from "../support/knot.ts";
import { type Nginx, startNginx } from "../support/nginx.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { freePort } from "../support/ports.ts";
import { tempDir } from "../support/temp.ts";

export interface Report {
  names: { name: string; verdicts: { address?: string; cause: string }[] }[];
  findings: Finding[];
}

export interface Checked {
  code: number | null;
  report: Report;
  stderr: string;
}

/** A zone, web servers that its names lead to, and a CA. */
export interface Setting extends AsyncDisposable {
  /** HOST:PORT of the zone's server. */
  dns: string;
  /** HOST:PORT where the program answers. */
  listen: string;
  /** The words of a command line that uses all of this. */
  words: string[];
  pebble: Pebble;
  nginx: Nginx | undefined;
  /** What a check of names says. */
  check(names: readonly string[], ...more: string[]): Promise<Checked>;
}

/** A top-level domain, as the way up from a name to its CAA records ends there. */
export const ZONE = "test";

/**
 * `servers` makes the web servers of the address where the program answers; `named` are the
 * addresses that the zone names as its servers, if not its own.
 */
export async function startSetting(
  records: string,
  servers?: (listen: string) => string,
  named?: string[],
): Promise<Setting> {
  await using owned = new AsyncDisposableStack();
  const zone: NameServers = owned.use(
    await startNameServers(ZONE, { records, ...(named && { named }) }),
  );
  const pebble = owned.use(await startPebble({ caaIdentities: ["pebble.test"] }));
  const listen = `127.0.0.1:${await freePort()}`;
  const nginx = servers && owned.use(await startNginx(servers(listen)));
  const dns = `${String(zone.addresses[0])}:53`;
  const dir = owned.use(tempDir()).path;
  const words = [
    ...["--server", pebble.directoryUrl, "--ca_bundle", pebble.caFile, "--certs_dir", dir],
    ...["--listen", listen, "--dns_resolvers", dns],
  ];
  const stack = owned.move();
  return {
    ...{ dns, listen, words, pebble, nginx },
    check: (names, ...more) => checked(["check", ...words, ...wordsOf(names), ...more]),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

export const wordsOf = (names: readonly string[]) => names.flatMap((name) => ["-d", name]);

async function checked(argv: string[]): Promise<Checked> {
  const { code, stdout, stderr } = await runCli([...argv, "--json"]);
  assert.match(stdout, /^\{/, stderr);
  return { code, report: JSON.parse(stdout) as Report, stderr };
}

/** A server block for every name at an address. */
export function site(address: string, inside: string, listen = ""): string {
  return `server { listen ${address}:80; ${listen} ${inside} }`;
}

/** Forwards the CA's path, as the block of `acme-sidecar nginx` does. */
export const forwarded = (to: string) =>
  `location ^~ /.well-known/acme-challenge/ { proxy_set_header Host $host; proxy_pass http://${to}; }`;

/** What is said of one cause, and what to do. */
export function said({ report }: Checked, cause: string): string[] {
  return report.findings
    .filter((each) => each.cause === cause)
    .map(({ fact, remedy }) => `${fact} ${remedy}`.replace(/[\w-]{43}/g, "TOKEN"));
}

export function verdicts({ report }: Checked): string[] {
  return report.names.flatMap(({ name, verdicts }) =>
    verdicts.map(({ address = "-", cause }) => `${name} ${address} ${cause}`),
  );
}

export const readText = (file: string) => readFileSync(file, "utf8");
