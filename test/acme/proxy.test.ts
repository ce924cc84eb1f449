import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { test } from "node:test";
import { startPebble } from "../support/pebble.ts";
import { sidecar } from "../support/sidecar.ts";
import { missing } from "../support/tools.ts";

test(
  "the CA is reached through the proxy that HTTPS_PROXY names",
  {
    skip: missing("pebble"),
  },
  async () => {
    const asked: string[] = [];
    const proxy = createServer().listen(0, "127.0.0.1");
    proxy.on("connect", ({ url = "" }, client) => {
      asked.push(url);
      const server = connect(Number(url.split(":")[1]), "localhost", () => {
        client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
        server.pipe(client).pipe(server);
      });
      server.on("error", () => client.destroy());
      client.on("error", () => server.destroy());
    });
    await once(proxy, "listening");
    const { port } = proxy.address() as AddressInfo;

    await using pebble = await startPebble();
    await using program = sidecar(pebble, pebble.httpPort, {
      env: { HTTPS_PROXY: `http://127.0.0.1:${port}` },
    });
    const { code, stderr } = await program.issue(["a.test"]);
    proxy.close();
    assert.equal(code, 0, stderr);
    assert.deepEqual([...new Set(asked)], [new URL(pebble.directoryUrl).host]);
  },
);
