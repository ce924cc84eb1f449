import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run, startProcess, untilListening } from "./process.ts";
import { tempDir } from "./temp.ts";
import { requireTool } from "./tools.ts";

export interface NginxOptions {
  /** Whom the workers run as, if we are root. */
  user?: string;
}

export interface Nginx extends AsyncDisposable {
  /** Its prefix: relative paths in the configuration start here. */
  dir: string;
  pid: number;
  /** Returns when only workers with the files as they are now, or with the new configuration, accept connections. */
  reload(servers?: string): Promise<void>;
  /** The lines so far. nginx writes one after its answer has gone out. */
  accessLog(): Promise<string[]>;
  log(): string;
}

/** Starts nginx with the given contents of its `http` block; every `listen` in it needs a port. */
export async function startNginx(
  servers: string,
  { user = "root" }: NginxOptions = {},
): Promise<Nginx> {
  const nginx = requireTool("nginx");
  await using owned = new AsyncDisposableStack();
  const dir = owned.use(tempDir()).path;
  const files = ["-p", dir, "-c", join(dir, "nginx.conf"), "-e", "stderr"];
  const configure = async (text: string) => {
    await writeFile(join(dir, "nginx.conf"), configuration(text, user));
    await run(nginx, [...files, "-t"]);
  };
  await configure(servers);
  const child = owned.use(await startProcess(nginx, files, { orphanSignal: "TERM" }));
  const untilUp = async (text: string) => {
    for (const { host, port } of listens(text)) {
      await untilListening(child, port, host);
    }
  };
  await untilUp(servers);

  const stack = owned.move();
  return {
    dir,
    pid: child.pid,
    async reload(changed = servers) {
      await configure(changed);
      const before = child.output().length;
      child.kill("SIGHUP");
      await child.until(/start worker process/, before);
      await child.until(/gracefully shutting down/, before);
      await untilUp(changed);
    },
    async accessLog() {
      const text = await readFile(join(dir, "access.log"), "utf8");
      return text.split("\n").filter((line) => line !== "");
    },
    log: () => child.output(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function configuration(servers: string, user: string): string {
  return `
    ${process.getuid?.() === 0 ? `user ${user};` : ""}
    daemon off;
    worker_processes 1;
    pid nginx.pid;
    error_log stderr notice;
    events { worker_connections 128; }
    http {
      access_log access.log combined;
      client_body_temp_path body;
      proxy_temp_path proxy;
      fastcgi_temp_path fastcgi;
      scgi_temp_path scgi;
      uwsgi_temp_path uwsgi;
      ${servers}
    }
  `;
}

/** Where `listen` directives of IP addresses lead; a bare port or `*` to the loopback address. */
function listens(text: string): { host: string; port: number }[] {
  const found = text.matchAll(/\blisten\s+(?:(\S+):)?(\d+)[\s;]/g);
  return [...found].map(([, host = "*", port]) => ({
    host: host === "*" ? "127.0.0.1" : host.replace(/^\[|\]$/g, ""),
    port: Number(port),
  }));
}
