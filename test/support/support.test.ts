import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { Agent } from "node:https";
import { once } from "node:events";
import { test } from "node:test";
import acme from "acme-client";
import { startCaddy, validationSkip } from "./caddy.ts";
import { startNginx } from "./nginx.ts";
import { startPebble } from "./pebble.ts";
import { freePort, isListening } from "./ports.ts";
import { startProcess, untilListening } from "./process.ts";
import { problem, startRecorder } from "./recorder.ts";
import { request } from "./request.ts";
import { missing } from "./tools.ts";
import { eventually } from "./wait.ts";

const withPebble = { skip: missing("pebble") };

test("Pebble answers through the recorder, which counts", withPebble, async () => {
  await using pebble = await startPebble({ alternateRoots: 1 });
  await using recorder = await startRecorder(pebble);
  const { directoryUrl, caFile } = recorder;
  const reply = await request(directoryUrl, { caFile });
  const { newNonce = "" } = JSON.parse(reply.body) as Record<string, string>;
  assert.equal(new URL(newNonce).host, new URL(directoryUrl).host);
  await request(newNonce, { caFile, method: "HEAD" });
  await request(newNonce, { caFile });
  assert.equal(recorder.count("directory"), 1);
  assert.equal(recorder.count("new-nonce"), 2);
  assert.deepEqual(
    recorder.requests.map(({ status }) => status),
    [200, 200, 204],
  );
  assert.equal((await pebble.roots()).length, 2);
});

test("the recorder spoils the answers it is told to spoil", withPebble, async () => {
  await using pebble = await startPebble();
  await using recorder = await startRecorder(pebble);
  const { caFile } = recorder;
  const ask = () => request(recorder.directoryUrl, { caFile });

  const busy = problem("serverInternal", 503, { "retry-after": "1" });
  recorder.inject({
    kind: "directory",
    times: 1,
    answer: busy,
    withNonce: true,
  });
  const refused = await ask();
  assert.equal(refused.status, 503);
  assert.deepEqual(refused.headers["retry-after"], ["1"]);
  assert.ok(refused.headers["replay-nonce"]?.[0]);
  assert.equal((await ask()).status, 200);

  recorder.inject({ nth: 1, reset: "before" });
  await assert.rejects(ask(), { code: "ECONNRESET" });
  recorder.inject({ nth: 1, truncate: 10 });
  await assert.rejects(ask(), { code: "ECONNRESET" });
  recorder.inject({ nth: 1, alter: ({ body }) => ({ body: body + " " }) });
  assert.match((await ask()).body, /} $/);

  const stuck = recorder.inject({ nth: 1, hang: "before" });
  const lost = assert.rejects(ask(), { code: "ECONNRESET" });
  while (stuck.hits() === 0) await request(pebble.directoryUrl, { caFile });
  await recorder[Symbol.asyncDispose]();
  await lost;
});

test("a certificate comes from Pebble, and its requests are shown", withPebble, async () => {
  await using pebble = await startPebble({ nonceReject: 0 });
  await using recorder = await startRecorder(pebble);
  const certificate = await obtain(recorder, "a.example.test", {
    port: pebble.httpPort,
    host: "127.0.0.1",
  });
  assert.match(certificate, /BEGIN CERTIFICATE/);
  const order = recorder.requests.find(({ kind }) => kind === "new-order");
  assert.deepEqual(order?.body?.payload, {
    identifiers: [{ type: "dns", value: "a.example.test" }],
  });
  assert.equal(recorder.count("other"), 0);
});

test("Caddy serves its ACME directory", { skip: missing("caddy") }, async () => {
  await using caddy = await startCaddy();
  const { directoryUrl, caFile } = caddy;
  const reply = await request(directoryUrl, { caFile });
  const { newOrder = "" } = JSON.parse(reply.body) as Record<string, string>;
  assert.equal(new URL(newOrder).host, new URL(directoryUrl).host);
});

test(
  "Caddy validates names at an address of its own",
  { skip: missing("caddy") || (await validationSkip()) },
  async () => {
    await using caddy = await startCaddy({ names: ["b.example.test"] });
    const certificate = await obtain(caddy, "b.example.test", {
      port: caddy.validationPort,
      host: caddy.validationAddress,
    });
    assert.match(certificate, /BEGIN CERTIFICATE/);
  },
);

test("nginx serves, reloads and logs", { skip: missing("nginx") }, async () => {
  const port = await freePort();
  const server = (text: string) => `server { listen 127.0.0.1:${port}; return 200 "${text}"; }`;
  const url = `http://127.0.0.1:${port}/x`;
  await using nginx = await startNginx(server("one"));
  assert.equal((await request(url)).body, "one");
  await nginx.reload(server("two"));
  assert.equal((await request(url)).body, "two");
  await assert.rejects(nginx.reload("nonsense;"), /unknown directive/);
  await eventually("two log lines", async () => {
    const lines = await nginx.accessLog();
    return lines.filter((line) => line.includes("GET /x")).length === 2;
  });
});

test("a child ends when the process that started it is killed", async () => {
  const port = await freePort();
  const listen = `require("net").createServer().listen(${port}, "127.0.0.1")`;
  const parent = `
    import { startProcess } from "${import.meta.resolve("./process.ts")}";
    await startProcess(process.execPath, ["-e", ${JSON.stringify(listen)}]);
  `;
  const args = ["--input-type=module", "-e", parent];
  await using child = await startProcess(process.execPath, args);
  await untilListening(child, port);
  child.kill("SIGKILL");
  await child.exited;
  await eventually("the end of the orphan", async () => !(await isListening(port)));
});

interface Listener {
  port: number;
  host: string;
}

/** Has the CA validate a name at a listener and returns the chain. */
async function obtain(
  ca: { directoryUrl: string; caFile: string },
  name: string,
  listener: Listener,
): Promise<string> {
  const answers = new Map<string, string>();
  const server = createServer((message, response) => {
    response.end(answers.get(message.url ?? ""));
  });
  server.listen(listener);
  await once(server, "listening");
  const agent = new Agent({ ca: await readFile(ca.caFile) });
  acme.axios.defaults.httpsAgent = agent;
  try {
    const client = new acme.Client({
      ...{ directoryUrl: ca.directoryUrl, backoffMin: 50, backoffMax: 500 },
      accountKey: await acme.crypto.createPrivateEcdsaKey(),
    });
    const [, csr] = await acme.crypto.createCsr({ altNames: [name] });
    return await client.auto({
      ...{ csr, termsOfServiceAgreed: true, skipChallengeVerification: true },
      challengeCreateFn(_authz, { token }, keyAuthorization) {
        answers.set(`/.well-known/acme-challenge/${token}`, keyAuthorization);
        return Promise.resolve();
      },
      challengeRemoveFn: () => Promise.resolve(),
    });
  } finally {
    agent.destroy();
    server.close();
    server.closeAllConnections();
  }
}
