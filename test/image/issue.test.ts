import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate, type webcrypto } from "node:crypto";
import { chownSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { once } from "node:events";
import { join } from "node:path";
import { describe, test } from "node:test";
import { buffer } from "node:stream/consumers";
import { missingImage } from "../support/docker.ts";
import { startNginx } from "../support/nginx.ts";
import { freePort } from "../support/ports.ts";
import { run } from "../support/process.ts";
import { missing, requireTool } from "../support/tools.ts";
import { FILES, notRoot, type Setting, setting } from "./setting.ts";
import { startVisitors } from "./visitors.ts";

const skip = missing("pebble", "nginx") || missingImage() || notRoot();
const PAGE = "all is well";
/** As docs/image.md has them, and what the tests' CA is trusted by. */
const PERMISSIONS = `${/-e NODE_OPTIONS='(.*?)'/.exec(readFileSync("docs/image.md", "utf8"))?.[1] ?? ""} --allow-fs-read=/ca.pem`;

/** What openssl says to each file, and which of them are for their owner only. */
async function checkFiles({ dir, pebble, read }: Setting): Promise<string> {
  const openssl = (...args: string[]) => run(requireTool("openssl"), args);
  const file = (name: string) => join(dir, name);
  const [root = ""] = await pebble.roots();
  const rootFile = file("root.crt");
  writeFileSync(rootFile, root);
  await openssl("pkey", "-in", file("key.pem"), "-noout", "-check");
  for (const name of ["cert.pem", "chain.pem", "fullchain.pem"])
    await openssl("x509", "-in", file(name), "-noout");
  for (const name of ["cert.pem", "fullchain.pem"])
    await openssl(...["verify", "-CAfile", rootFile, "-untrusted", file("chain.pem")], file(name));
  const [fromKey, fromCertificate] = [
    await openssl("pkey", "-in", file("key.pem"), "-pubout"),
    await openssl("x509", "-in", file("cert.pem"), "-noout", "-pubkey"),
  ];
  assert.equal(fromKey, fromCertificate);
  assert.equal(read("fullchain.pem"), read("cert.pem") + read("chain.pem"));

  const jwk = JSON.parse(read("account_key.json")) as webcrypto.JsonWebKey;
  assert.equal(createPrivateKey({ key: jwk, format: "jwk" }).type, "private");
  for (const name of FILES) {
    const secret = name === "key.pem" || name === "account_key.json";
    const mode = statSync(file(name)).mode & 0o777;
    assert.equal(mode.toString(8), secret ? "600" : "644", name);
  }
  return root;
}

async function secureReply(port: number, root: string): Promise<string> {
  const name = "example.test";
  const sent = request({
    ...{ host: "127.0.0.1", port, servername: name, ca: root, agent: false },
    headers: { Host: name },
  }).end();
  const [message] = (await once(sent, "response")) as [
    AsyncIterable<Buffer> & { statusCode: number },
  ];
  return `${message.statusCode} ${(await buffer(message)).toString()}`;
}

describe("the image gets certificates", { skip }, () => {
  test("a certificate through nginx and the image while a client loop sees no failed request; a second run exits 1 at once", async () => {
    await using world = await setting();
    const { pebble, recorder, dir } = world;
    const [port, tlsPort] = [await freePort(), await freePort()];
    const plain = `server {
      listen 127.0.0.1:${pebble.httpPort};
      server_name example.test;
      location ^~ /.well-known/acme-challenge/ { proxy_pass http://127.0.0.1:${port}; }
      location / { default_type text/plain; return 200 "${PAGE}"; }
    }`;
    await using nginx = await startNginx(plain);
    const url = `http://127.0.0.1:${pebble.httpPort}/`;
    await using visitors = startVisitors(url, PAGE);
    await visitors.served();

    const first = await world.issue(["example.test"], { port });
    assert.equal(first.code, 0, first.stderr);
    assert.equal(first.stdout, "");
    const root = await checkFiles(world);

    await nginx.reload(`${plain} server {
      listen 127.0.0.1:${tlsPort} ssl;
      server_name example.test;
      ssl_certificate ${dir}/fullchain.pem;
      ssl_certificate_key ${dir}/key.pem;
      location / { default_type text/plain; return 200 "${PAGE}"; }
    }`);
    assert.equal(await secureReply(tlsPort, root), `200 ${PAGE}`);
    await visitors.served();
    assert.deepEqual(visitors.failures, []);

    const asked = recorder.count();
    const second = await world.issue(["example.test"], { port });
    assert.equal(second.code, 1, second.stderr);
    assert.match(second.stderr, /renewal is not necessary before/);
    assert.equal(recorder.count(), asked);
    await visitors.served();
    assert.deepEqual(visitors.failures, []);
  });

  const USER = 4242;
  const asUser = ["--user", `${USER}:${USER}`];
  const confined = ["--read-only", "--cap-drop", "ALL"];
  const strict = ["--security-opt", "no-new-privileges"];
  const permitted = ["-e", `NODE_OPTIONS=${PERMISSIONS}`];
  for (const { title, docker } of [
    { title: "as root", docker: [] },
    { title: "as a user of its own", docker: asUser },
    { title: "read-only and without capabilities", docker: confined },
    {
      title: "as a user of its own, read-only, without capabilities and without new privileges",
      docker: [...asUser, ...confined, ...strict],
    },
    {
      title: "with Node.js' permission model on top, and files from /certs only",
      docker: [...asUser, ...confined, ...strict, ...permitted],
    },
  ])
    test(`${title}: gets a certificate on port 80 of its own network, and its user owns the files`, async () => {
      await using world = await setting();
      const owner = docker.includes("--user") ? USER : 0;
      chownSync(world.dir, owner, owner);
      const { code, stderr } = await world.issue(["example.test"], { docker });
      assert.equal(code, 0, stderr);
      await checkFiles(world);
      for (const file of FILES) {
        const { uid, gid } = statSync(join(world.dir, file));
        assert.deepEqual({ uid, gid }, { uid: owner, gid: owner }, file);
      }
    });

  test("a volume that is not writable is one clear error before the CA is asked", async () => {
    await using world = await setting();
    const { recorder, dir, read } = world;
    const refused = async (...how: Parameters<Setting["issue"]>) => {
      const before = recorder.count();
      const { code, stdout, stderr } = await world.issue(...how);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, "");
      const errors = stderr.trim().split("\n");
      assert.equal(errors.length, 1, stderr);
      assert.match(errors[0] ?? "", /error: .*\/certs\b/);
      assert.equal(recorder.count(), before, stderr);
    };
    const someoneElse = { docker: asUser };
    await refused(["example.test"], { mount: "ro" });
    await refused(["example.test"], someoneElse);
    assert.deepEqual(readdirSync(dir), []);

    const good = await world.issue(["example.test"]);
    assert.equal(good.code, 0, good.stderr);
    const certificate = new X509Certificate(read("cert.pem")).fingerprint256;
    await refused(["example.test"], { mount: "ro", more: ["--force"] });
    await refused(["example.test"], { ...someoneElse, more: ["--force"] });
    assert.equal(new X509Certificate(read("cert.pem")).fingerprint256, certificate);
  });
});
