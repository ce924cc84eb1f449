import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "./ports.ts";
import { startProcess, untilListening } from "./process.ts";
import { tempDir } from "./temp.ts";
import { requireTool } from "./tools.ts";

export interface Unbound extends AsyncDisposable {
  /** host:port. */
  address: string;
}

/**
 * Starts an Unbound, which resolves all by itself below one zone. With `signed` it demands for this
 * the signatures of a key that the zone does not have.
 */
export async function startUnbound(
  zone: string,
  server: string,
  { signed = true } = {},
): Promise<Unbound> {
  await using owned = new AsyncDisposableStack();
  const dir = owned.use(tempDir()).path;
  const port = await freePort();
  const conf = join(dir, "unbound.conf");
  await writeFile(
    conf,
    `
server:
  interface: 127.0.0.1
  port: ${port}
  do-daemonize: no
  do-not-query-localhost: no
  use-syslog: no
  chroot: ""
  username: ""
  pidfile: "${join(dir, "pid")}"
  directory: "${dir}"
  module-config: "validator iterator"
  ${signed ? `trust-anchor: "${zone}. DS 12345 13 2 ${"ab".repeat(32)}"` : ""}
  local-zone: "test." nodefault
remote-control:
  control-enable: no
stub-zone:
  name: "${zone}"
  stub-addr: ${server}
`,
  );
  const child = owned.use(await startProcess(requireTool("unbound"), ["-c", conf]));
  await untilListening(child, port);
  const stack = owned.move();
  return { address: `127.0.0.1:${port}`, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
