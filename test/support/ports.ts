import { randomInt } from "node:crypto";
import { connect, createServer } from "node:net";
import { once } from "node:events";

// Below the ports that Linux gives to outgoing connections and to `listen(0)`:
// nothing takes one of these between our look and its use.
const FIRST = 20_000;
const COUNT = 12_000;
const TRIES = 500;

/**
 * A TCP port that nobody listens on, on any address. It stays reserved, among
 * all test processes of this machine, until this process ends.
 */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const port = FIRST + randomInt(COUNT);
    if ((await reserve(port)) && (await isFree(port))) return port;
  }
  throw new Error("no free port");
}

/** An address of the loopback network that (most likely) no other test uses: any port on it is free, 80 too. */
export function loopbackAddress(): string {
  return `127.${randomInt(64, 256)}.${randomInt(256)}.${randomInt(1, 255)}`;
}

/** Whether something accepts connections there. */
export async function isListening(port: number, host = "127.0.0.1"): Promise<boolean> {
  const socket = connect({ port, host });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Takes a name in Linux's abstract socket namespace: it cannot outlive the process. */
async function reserve(port: number): Promise<boolean> {
  if (process.platform !== "linux") return true;
  return canListen({ path: `\0acme-sidecar-test-port-${port}` }, false);
}

function isFree(port: number): Promise<boolean> {
  return canListen({ port }, true);
}

async function canListen(
  where: { port: number } | { path: string },
  release: boolean,
): Promise<boolean> {
  const server = createServer().unref();
  try {
    server.listen({ ...where, exclusive: true });
    await once(server, "listening");
  } catch {
    return false;
  }
  if (release) {
    server.close();
    await once(server, "close");
  }
  return true;
}
