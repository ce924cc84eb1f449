import { createServer } from "node:http";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join, normalize } from "node:path";
import type { CliResult } from "./cli.ts";
import { startProcess } from "./process.ts";
import { requireTool } from "./tools.ts";

/** Runs the real simp_le to its end, whatever that is. */
export async function runSimpLe(args: string[], { cwd }: { cwd: string }): Promise<CliResult> {
  const { PATH = "", HOME = "" } = process.env;
  // Its warnings about the age of its own parts are not about what a test does.
  const env = { PATH, HOME, PYTHONWARNINGS: "ignore" };
  await using child = await startProcess(requireTool("simp_le"), args, {
    cwd,
    env,
  });
  const { code, signal } = await child.exited;
  return { code, signal, stdout: child.stdout(), stderr: child.stderr() };
}

/** A web server that does nothing but hand out the files below a folder, as those do that webroots are for. */
export async function serveFolder(root: string, port: number): Promise<AsyncDisposable> {
  const server = createServer((request, response) => {
    const path = normalize(`/${request.url ?? ""}`);
    readFile(join(root, path)).then(
      (data) => response.end(data),
      () => response.writeHead(404).end(),
    );
  });
  server.listen(port, "127.0.0.1").unref();
  await once(server, "listening");
  return {
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
