import { isIPv6 } from "node:net";
import type { Include } from "../commands/nginx.ts";
import { parseAccount, parseNewKey } from "./account.ts";
import { parseListen } from "./values.ts";
import { type Options, textOf } from "./words.ts";

/** Where README's `docker run` publishes the responder. */
const PUBLISHED = "127.0.0.1:8888";

export function parseInclude(options: Options, cwd: string): Include {
  if (options.stateless === true)
    return {
      kind: "stateless",
      account: parseAccount(options, cwd),
      keyType: parseNewKey(options),
    };
  const { host, port } = parseListen(textOf(options, "listen") ?? PUBLISHED);
  // What listens on every address is reached on the nearest.
  const near = host === "::" || host === "0.0.0.0" ? "127.0.0.1" : host;
  return { kind: "proxy", to: `${isIPv6(near) ? `[${near}]` : near}:${port}` };
}
