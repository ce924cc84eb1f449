import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startDns, type Dns } from "./dns.ts";
import { freePort } from "./ports.ts";
import { startProcess, untilListening } from "./process.ts";
import { request } from "./request.ts";
import { tempDir } from "./temp.ts";
import { tls, type Tls } from "./tls.ts";
import { requireTool } from "./tools.ts";

export interface PebbleOptions {
  /** Percent of good nonces to reject. */
  nonceReject?: number;
  /** Percent of new orders that reuse a valid authorization. */
  authzReuse?: number;
  /** The most seconds a validation sleeps. */
  vaSleep?: number;
  /** Every challenge is valid, without a look. */
  alwaysValid?: boolean;
  /** Number of intermediates. */
  chainLength?: number;
  alternateRoots?: number;
  /** Seconds; 0 leaves the header out, and 1 is the usual, so that a look that comes too early costs little. */
  retryAfter?: { authz: number; order: number };
  /** Names (and all below them) that are refused. */
  blocklist?: string[];
  profiles?: Record<string, Profile>;
  /** Demands external account binding; key identifiers to base64url MAC keys. */
  eab?: Record<string, string>;
  strict?: boolean;
  /** IP:PORT of the server to ask instead of `dns`. */
  dnsServer?: string;
  /** The IPv6 address of every name. */
  ipv6?: string;
  keyAlgorithm?: "rsa" | "ecdsa";
  /** The names by which it looks for itself in CAA records. */
  caaIdentities?: string[];
  /** Where http-01 validation connects to; a port of its own, if nothing else. */
  httpPort?: number;
  /** Another Pebble than the one that is installed. */
  program?: string;
}

export interface Profile {
  description: string;
  /** Seconds. */
  validityPeriod: number;
  promoteCommonName?: boolean;
}

export interface Pebble extends AsyncDisposable {
  directoryUrl: string;
  managementUrl: string;
  /** PEM file of the CA that signed the HTTPS certificate of this Pebble; not one of its `roots()`. */
  caFile: string;
  /** Where http-01 validation connects to. */
  httpPort: number;
  /** What it resolves names with. */
  dns: Dns;
  /** The roots (PEM) under which it issues; the default chain's first. */
  roots(): Promise<string[]>;
  /** What it answers (with Retry-After 21600) to a question about this certificate's renewal; may be nonsense. */
  setRenewalInfo(certificate: string, answer: string): Promise<void>;
  log(): string;
  /** Signals the program itself. */
  kill(signal: NodeJS.Signals): void;
}

/** Starts a Pebble, and a DNS server for it, on ports of their own. */
export async function startPebble(options: PebbleOptions = {}): Promise<Pebble> {
  await using owned = new AsyncDisposableStack();
  const dir = owned.use(tempDir());
  const dns = owned.use(await startDns(options.ipv6));
  const ports = {
    acme: await freePort(),
    management: await freePort(),
    http: options.httpPort ?? (await freePort()),
    tls: await freePort(),
  };
  const files = await tls();
  const configFile = join(dir.path, "pebble.json");
  await writeFile(configFile, configuration(options, ports, files));

  const args = ["-config", configFile, "-dnsserver", options.dnsServer ?? dns.address];
  if (options.strict ?? true) args.push("-strict");
  const env = { ...process.env, ...environment(options) };
  const program = options.program ?? requireTool("pebble");
  const child = owned.use(await startProcess(program, args, { env }));
  await untilListening(child, ports.management);
  await untilListening(child, ports.acme);

  const { caFile } = files;
  const managementUrl = `https://localhost:${ports.management}`;
  const stack = owned.move();
  return {
    directoryUrl: `https://localhost:${ports.acme}/dir`,
    managementUrl,
    caFile,
    httpPort: ports.http,
    dns,
    roots: () => roots(managementUrl, caFile),
    async setRenewalInfo(Certificate, ARIResponse) {
      const body = JSON.stringify({ Certificate, ARIResponse });
      const url = `${managementUrl}/set-renewal-info/`;
      const reply = await request(url, { method: "POST", body, caFile });
      if (reply.status !== 200) throw new Error(reply.body);
    },
    log: () => child.output(),
    kill(signal) {
      child.kill(signal);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function roots(managementUrl: string, caFile: string): Promise<string[]> {
  const found: string[] = [];
  for (;;) {
    const url = `${managementUrl}/roots/${found.length}`;
    const { status, body } = await request(url, { caFile });
    if (status !== 200) return found;
    found.push(body);
  }
}

interface Ports {
  acme: number;
  management: number;
  http: number;
  tls: number;
}

function configuration(options: PebbleOptions, ports: Ports, { certFile, keyFile }: Tls): string {
  return JSON.stringify({
    pebble: {
      listenAddress: `127.0.0.1:${ports.acme}`,
      managementListenAddress: `127.0.0.1:${ports.management}`,
      certificate: certFile,
      privateKey: keyFile,
      httpPort: ports.http,
      tlsPort: ports.tls,
      keyAlgorithm: options.keyAlgorithm ?? "ecdsa",
      retryAfter: options.retryAfter ?? { authz: 1, order: 1 },
      domainBlocklist: options.blocklist ?? [],
      profiles: options.profiles ?? {},
      ...(options.caaIdentities && { caaIdentities: options.caaIdentities }),
      externalAccountBindingRequired: options.eab !== undefined,
      externalAccountMACKeys: options.eab ?? {},
    },
  });
}

function environment(options: PebbleOptions): NodeJS.ProcessEnv {
  const {
    nonceReject = 0,
    authzReuse = 0,
    vaSleep = 0,
    alwaysValid = false,
    chainLength = 1,
    alternateRoots = 0,
  } = options;
  return {
    PEBBLE_WFE_NONCEREJECT: String(nonceReject),
    PEBBLE_AUTHZREUSE: String(authzReuse),
    PEBBLE_VA_NOSLEEP: vaSleep === 0 ? "1" : "0",
    PEBBLE_VA_SLEEPTIME: String(vaSleep),
    PEBBLE_VA_ALWAYS_VALID: alwaysValid ? "1" : "0",
    PEBBLE_CHAIN_LENGTH: String(chainLength),
    PEBBLE_ALTERNATE_ROOTS: String(alternateRoots),
  };
}
