import { isIPv6 } from "node:net";
import type { Include } from "../commands/nginx.ts";
import { parseAccount } from "./account.ts";
import type { Given } from "./given.ts";
import { parseAccountKey } from "./key-type.ts";
import { parseListen } from "./listen.ts";
import { PUBLISHED } from "./options/answering.ts";

export function parseInclude(given: Given): Include {
  if (given.flag("stateless"))
    return {
      kind: "stateless",
      account: parseAccount(given),
      keyType: parseAccountKey(given),
    };
  const { host, port } = parseListen(given, given.has("listen") ? undefined : PUBLISHED);
  // A responder that listens on every address is reachable on the loopback address.
  const near = host === "::" || host === "0.0.0.0" ? "127.0.0.1" : host;
  return { kind: "proxy", to: `${isIPv6(near) ? `[${near}]` : near}:${port}` };
}
