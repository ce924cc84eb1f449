import type { Listen } from "../serve.ts";
import type { Given } from "./given.ts";

/** The address of `--listen`. `value` replaces the option's own value. */
export function parseListen(given: Given, value = given.text("listen")): Listen {
  const match = /^(?:(?:\[([0-9a-f:.]+)\]|([^:[\]]*)):)?(\d+)$/i.exec(value);
  const port = Number(match?.[3]);
  if (match === null || port > 65535)
    given.wrong("listen", "write HOST:PORT, [IPV6]:PORT or PORT.", { value });
  return { host: match?.[1] || match?.[2] || "::", port };
}
