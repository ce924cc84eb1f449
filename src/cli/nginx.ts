import { isIPv6 } from "node:net";
import type { Include } from "../commands/nginx.ts";
import { parseAccount } from "./account.ts";
import type { Given } from "./given.ts";
import { parseAccountKey, parseListen } from "./key-type.ts";

/** Where README's `docker run` publishes the responder. */
const PUBLISHED = "127.0.0.1:8888";

export function parseInclude(given: Given): Include {
  if (given.flag("stateless"))
    return {
      kind: "stateless",
      account: parseAccount(given),
      keyType: parseAccountKey(given),
    };
  const { host, port } = parseListen(given, PUBLISHED);
  // What listens on every address is reached on the nearest.
  const near = host === "::" || host === "0.0.0.0" ? "127.0.0.1" : host;
  return { kind: "proxy", to: `${isIPv6(near) ? `[${near}]` : near}:${port}` };
}
