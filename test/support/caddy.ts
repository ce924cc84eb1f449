import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { mountSkip, withFile } from "./mounts.ts";
import { freePort, loopbackAddress } from "./ports.ts";
import { startProcess, untilListening, type Child } from "./process.ts";
import { request } from "./request.ts";
import { tempDir } from "./temp.ts";
import { requireTool, skipUnlessCI } from "./tools.ts";
import { eventually } from "./wait.ts";

export interface CaddyOptions {
  /** Names that this Caddy, and nothing else on the machine, resolves to `validationAddress`. Needs `validationSkip`. */
  names?: string[];
}

export interface Caddy extends AsyncDisposable {
  directoryUrl: string;
  /** PEM file of the root that signed its HTTPS certificate and signs what it issues. */
  caFile: string;
  /** A loopback address of its own, for a listener on `validationPort`. */
  validationAddress: string;
  /** http-01 goes to this port and no other: nothing in this CA can change it. */
  validationPort: 80;
  log(): string;
}

/** Starts Caddy's ACME server, with a CA of its own. It trusts nothing and is trusted by nothing. */
export async function startCaddy({ names = [] }: CaddyOptions = {}): Promise<Caddy> {
  const caddy = requireTool("caddy");
  await using owned = new AsyncDisposableStack();
  const { path } = owned.use(tempDir());
  const port = await freePort();
  const file = join(path, "Caddyfile");
  await writeFile(file, configuration(port));

  const validationAddress = loopbackAddress();
  const command = [caddy, "run", "--adapter", "caddyfile", "--config", file];
  if (names.length > 0) {
    const hosts = join(path, "hosts");
    const line = `${validationAddress} ${names.join(" ")}\n`;
    await writeFile(hosts, (await readFile("/etc/hosts", "utf8")) + line);
    command.unshift(...withFile("/etc/hosts", hosts));
  }
  const [program = caddy, ...args] = command;
  const home = { HOME: path, XDG_DATA_HOME: path, XDG_CONFIG_HOME: path };
  const child = owned.use(await startProcess(program, args, { env: { ...process.env, ...home } }));

  const caFile = join(path, "caddy/pki/authorities/local/root.crt");
  const directoryUrl = `https://localhost:${port}/acme/local/directory`;
  await untilListening(child, port);
  await untilServing(child, directoryUrl, caFile);
  const stack = owned.move();
  return {
    directoryUrl,
    caFile,
    validationAddress,
    validationPort: 80,
    log: () => child.output(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Why tests in which Caddy validates names cannot run here; `false` if they can, and under CI. */
export async function validationSkip(): Promise<string | false> {
  const address = loopbackAddress();
  try {
    const server = createServer().listen(80, address);
    await once(server, "listening");
    server.close();
  } catch {
    return skipUnlessCI("port 80 of loopback addresses may not be bound");
  }
  return mountSkip("/etc/hosts");
}

/** Its certificate for localhost comes a little after its listener. */
async function untilServing(child: Child, url: string, caFile: string): Promise<void> {
  await eventually(`${url} to be served`, async () => {
    if (child.hasExited()) throw new Error(child.output());
    const reply = await request(url, { caFile }).catch(() => undefined);
    return reply?.status === 200;
  });
}

function configuration(port: number): string {
  return `
    {
      admin off
      skip_install_trust
      auto_https disable_redirects
      default_sni localhost
    }
    https://localhost:${port} {
      bind 127.0.0.1
      tls internal
      acme_server
    }
  `;
}
