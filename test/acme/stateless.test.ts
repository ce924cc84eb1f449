import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { proxyInclude, statelessInclude } from "../../src/handoff/nginx.ts";
import { thumbprintOf } from "../../src/jwk.ts";
import { readJwk } from "../../src/store/jwk.ts";
import { runCli } from "../support/cli.ts";
import { environment } from "../support/environment.ts";
import { startNginx } from "../support/nginx.ts";
import { freePort } from "../support/ports.ts";
import { request } from "../support/request.ts";
import { missing } from "../support/tools.ts";

/** What many servers have: files with a dot denied, a password, and a redirect for the rest. */
const server = (port: number, include: string) => `server {
  listen 127.0.0.1:${port};
  auth_basic "staff";
  auth_basic_user_file /dev/null;
  deny all;
  location ~ /\\. { return 403; }
  location ~ [A-Za-z0-9_-]+$ { return 418; }
  location / { return 301 https://$host$request_uri; }
  ${include}
}`;

describe("the include of nginx", { skip: missing("nginx") }, () => {
  test("README shows the one that forwards", () => {
    assert.ok(
      readFileSync("README.md", "utf8").includes(
        `\n\`\`\`nginx\n${proxyInclude("127.0.0.1:8888")}\n\`\`\`\n`,
      ),
    );
  });

  test("for --stateless answers tokens and nothing else", async () => {
    const port = await freePort();
    const include = statelessInclude("the-thumb_print");
    await using _nginx = await startNginx(server(port, include));
    const get = (path: string) => request(`http://127.0.0.1:${port}${path}`);
    const folder = "/.well-known/acme-challenge/";
    for (const token of ["a", "Zz09_-", "x".repeat(255)]) {
      const { status, body, headers } = await get(folder + token);
      assert.equal(status, 200, token);
      assert.equal(body, `${token}.the-thumb_print`);
      assert.deepEqual(headers["content-type"], ["text/plain"]);
    }
    for (const odd of [
      ...["", "a/b", "a.b", "a%0A", "a%20b", "%C3%A4", "$1", "a/", "a%00b"],
      ...["a%22", "%7B", "a;b", "a+b", "a=b"],
    ]) {
      const { status, body } = await get(folder + odd);
      assert.ok(status === 404 || status === 400, `${odd}: ${status}`);
      assert.ok(!body.includes("the-thumb_print"), odd);
    }
    assert.equal((await get("/.well-known/other")).status, 403);
    assert.equal((await get("/page")).status, 418);
  });

  test("forwards to where --listen says", async () => {
    for (const [words, to] of [
      [[], "127.0.0.1:8888"],
      [["--listen", "8080"], "127.0.0.1:8080"],
      [["--listen", "[::1]:81"], "[::1]:81"],
      [["--listen", "sidecar:80"], "sidecar:80"],
    ] as const) {
      const { code, stdout, stderr } = await runCli(["nginx", ...words]);
      assert.equal(code, 0, stderr);
      assert.equal(stdout, `${proxyInclude(to)}\n`);
    }
  });
});

describe("--stateless", { skip: missing("pebble", "nginx"), concurrency: true }, () => {
  for (const words of [[], ["--account_key_size", "2048"]])
    test(`the include can be made first, and then nginx answers for every certificate ${words.join(" ")}`, async () => {
      await using env = await environment();
      const { program, pebble, recorder } = env;
      const made = await program.run("nginx", "--stateless", ...words);
      assert.equal(made.code, 0, made.stderr);
      assert.deepEqual(
        readdirSync(program.dir).filter((file) => !file.startsWith(".")),
        ["account_key.json"],
      );
      const again = await program.run("nginx", "--stateless");
      assert.equal(again.stdout, made.stdout);
      assert.equal(recorder.count(), 0);
      const key = readJwk(JSON.parse(program.read("account_key.json")));
      assert.equal(made.stdout, `${statelessInclude(thumbprintOf(key))}\n`);

      await using _nginx = await startNginx(server(pebble.httpPort, made.stdout));
      const { code, stderr } = await program.issue(["a.test", "b.test"], "--stateless");
      assert.equal(code, 0, stderr);
    });

  test("a wrong thumbprint is told with what to do", async () => {
    await using env = await environment();
    const { program, pebble } = env;
    await using _nginx = await startNginx(server(pebble.httpPort, statelessInclude("wrong")));
    const { code, stderr } = await program.issue(["a.test"], "--stateless");
    assert.equal(code, 2);
    assert.match(stderr, /did not validate a\.test: .*wrong/);
    assert.match(stderr, /Print its block again with acme-sidecar nginx/);
  });
});
