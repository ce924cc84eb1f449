import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, createServer as createTlsServer, type TLSSocket } from "node:tls";
import { runContainer } from "./docker.ts";
import { freePort } from "./ports.ts";
import { run } from "./process.ts";
import { tempDir } from "./temp.ts";
import { requireTool } from "./tools.ts";

export interface Gateway extends AsyncDisposable {
  /** The CA's directory, for containers on Docker's default network. */
  directoryUrl: string;
  /** PEM file of the certificate to trust for its HTTPS. */
  caFile: string;
}

interface Upstream {
  directoryUrl: string;
  caFile: string;
}

/**
 * Containers cannot reach what listens on the loopback address: this listens on
 * the host's address in Docker's default network and hands every byte on, under
 * a certificate of its own. Host stays what the container wrote, so all URLs
 * that the CA gives out lead here.
 */
export async function startGateway(upstream: Upstream): Promise<Gateway> {
  await using owned = new AsyncDisposableStack();
  const host = await hostAddress();
  const port = await freePort();
  const dir = owned.use(tempDir()).path;
  const { certFile, keyFile } = await selfSigned(host, dir);
  const { hostname, port: upstreamPort } = new URL(upstream.directoryUrl);
  const ca = await readFile(upstream.caFile);
  const open = new Set<TLSSocket>();

  const server = createTlsServer(
    { cert: await readFile(certFile), key: await readFile(keyFile) },
    (inner) => {
      const outer = connect({
        ...{ host: hostname, port: Number(upstreamPort), ca },
        servername: hostname,
      });
      for (const [one, other] of [
        [inner, outer],
        [outer, inner],
      ] as const) {
        open.add(one);
        one.on("error", () => one.destroy());
        one.on("close", () => {
          open.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    },
  );
  server.listen(port, host).unref();
  await once(server, "listening");
  owned.defer(async () => {
    server.close();
    for (const socket of open) socket.destroy();
    await once(server, "close");
  });
  const stack = owned.move();
  return {
    directoryUrl: `https://${host}:${port}/dir`,
    caFile: certFile,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

let found: Promise<string> | undefined;

/** The address under which containers on Docker's default network find this host. */
function hostAddress(): Promise<string> {
  found ??= lookUp();
  return found;
}

async function lookUp(): Promise<string> {
  const { stdout, stderr } = await runContainer([], ["ip", "route"]);
  const [, address] = /^default via (\S+)/m.exec(stdout) ?? [];
  if (address !== undefined) return address;
  throw new Error(`a container has no default route: ${stdout}${stderr}`);
}

async function selfSigned(address: string, dir: string) {
  const [certFile, keyFile] = [join(dir, "cert.pem"), join(dir, "key.pem")];
  await run(requireTool("openssl"), [
    ...["req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=gateway"],
    ...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    ...["-addext", `subjectAltName=IP:${address}`],
    ...["-keyout", keyFile, "-out", certFile],
  ]);
  return { certFile, keyFile };
}
