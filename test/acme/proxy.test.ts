import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { runCli } from "../support/cli.ts";
import { startPebble } from "../support/pebble.ts";
import { sidecar } from "../support/sidecar.ts";
import { tempDir } from "../support/temp.ts";
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

/** What Node.js cannot read as the proxy of https addresses, or would go without. */
const ODD = [
  "http://me:hunter2@ho st:3128",
  "http://me:hunter2@proxy.test:99999",
  "http://me:hunter2@",
  "http://me:hunter2%ZZ@proxy.test",
  "http://me:hunter2@proxy.test\r\nX: y",
  "me:hunter2@proxy.test:3128",
  "socks5://me:hunter2@proxy.test",
];

for (const variable of ["HTTPS_PROXY", "https_proxy"])
  for (const proxy of ODD)
    test(`${variable} of ${JSON.stringify(proxy)} is a mistake that is named, and not quoted`, async () => {
      await using dir = tempDir();
      const { code, stderr } = await runCli(["-v", "-d", "a.test"], {
        cwd: dir.path,
        env: { [variable]: proxy },
      });
      assert.equal(code, 2, stderr);
      assert.match(stderr, new RegExp(`error: ${variable} is not the address`));
      assert.doesNotMatch(stderr, /hunter2|unforeseen|report this/);
      assert.deepEqual(readdirSync(dir.path), []);
    });

test("the password for a proxy that refuses it is not shown", async () => {
  await using dir = tempDir();
  const proxy = createServer().listen(0, "127.0.0.1");
  proxy.on("connect", (_request, client) => {
    client.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
  });
  await once(proxy, "listening");
  const { port } = proxy.address() as AddressInfo;
  const { code, stderr } = await runCli(
    ["-v", "-d", "a.test", "--server", "https://ca.test/", "--listen", "0"],
    {
      cwd: dir.path,
      env: { HTTPS_PROXY: `http://me:hunter2@127.0.0.1:${port}` },
    },
  );
  proxy.close();
  assert.equal(code, 2, stderr);
  assert.match(stderr, /407/);
  assert.doesNotMatch(stderr, /hunter2/);
});
