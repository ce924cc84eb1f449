import { startNginx } from "./nginx.ts";
import type { Pebble } from "./pebble.ts";
import { freePort } from "./ports.ts";
import { type Site, site } from "./simp_le.ts";

/** A site behind a web server of its own. */
export interface Behind extends Site {
  /** The port of the program on 127.0.0.1. */
  port: number;
  /** The options that put it there. */
  own: readonly string[];
}

/**
 * A site whose port 80 is nginx with this in its server block, or nobody, and not the program.
 * `PROGRAM` stands for where the program listens, `HERE` for where nginx does, and after `}` may come more of the http block.
 */
export async function behindNginx(pebble: Pebble, server: string): Promise<Behind> {
  await using stack = new AsyncDisposableStack();
  const env = stack.use(await site(pebble));
  const port = await freePort();
  const here = `${env.host}:${pebble.httpPort}`;
  const text = server.replaceAll("PROGRAM", `127.0.0.1:${port}`).replaceAll("HERE", here);
  if (server !== "") stack.use(await startNginx(`server { listen ${here}; ${text} }`));
  const own = ["--listen", `127.0.0.1:${port}`];
  const all = stack.move();
  return {
    ...{ ...env, port, own },
    run: (...words: string[]) => env.run(...own, ...words),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
