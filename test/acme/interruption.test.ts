import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { readCertificates } from "../../src/store/pem.ts";
import { environment } from "../support/environment.ts";
import { startNginx } from "../support/nginx.ts";
import { isListening } from "../support/ports.ts";
import { type Sidecar } from "../support/sidecar.ts";
import { tempDir } from "../support/temp.ts";
import { missing } from "../support/tools.ts";
import { eventually } from "../support/wait.ts";

const skip = missing("pebble", "nginx");

/** Every file there is must be whole, and of the new or the old set as one. */
function checkFiles(program: Sidecar): void {
  const files = readdirSync(program.dir);
  if (files.includes("account_key.json")) JSON.parse(program.read("account_key.json"));
  if (files.includes("account_reg.json")) JSON.parse(program.read("account_reg.json"));
  for (const file of files.filter((each) => /^(cert|chain|fullchain)\.pem$/.test(each)))
    assert.ok(readCertificates(program.read(file)).length > 0, file);
  if (files.includes("key.pem")) createPrivateKey(program.read("key.pem"));
}

function checkSet(program: Sidecar): void {
  checkFiles(program);
  assert.ok(program.leaf().checkPrivateKey(createPrivateKey(program.read("key.pem"))));
  assert.equal(program.read("fullchain.pem"), program.read("cert.pem") + program.read("chain.pem"));
  assert.deepEqual(
    readdirSync(program.dir).filter((file) => /\.new$|commit/.test(file)),
    [],
  );
}

describe("a run that is interrupted", { skip, concurrency: 3 }, () => {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
    test(`${signal} while the CA validates: ends in order with 128 and the signal's number, nothing left open`, async () => {
      await using env = await environment();
      const hang = env.recorder.inject({ kind: "order", hang: "before" });
      await using child = await env.program.start(["a.test"]);
      await child.until(/is validating/);
      child.kill(signal);
      const { code } = await child.exited;
      assert.equal(code, { SIGTERM: 143, SIGINT: 130, SIGHUP: 129 }[signal]);
      assert.match(child.stderr(), new RegExp(`Interrupted by ${signal}`));
      assert.equal(await isListening(env.pebble.httpPort), false);
      hang.remove();
      const next = await env.program.issue(["a.test"]);
      assert.equal(next.code, 0, next.stderr);
      checkSet(env.program);
    });

  test("a webroot is left as it was found, after success, failure and SIGTERM", async () => {
    await using env = await environment();
    await using root = tempDir();
    await using _nginx = await startNginx(
      `server { listen 127.0.0.1:${env.pebble.httpPort}; root ${root.path}; }`,
    );
    const names = [`a.test:${root.path}`];
    const good = await env.program.issue(names);
    assert.equal(good.code, 0, good.stderr);
    assert.deepEqual(readdirSync(root.path), []);

    await env.pebble.dns.setA("lost.test", ["127.0.0.9"]);
    const bad = await env.program.issue([...names, `lost.test:${root.path}`]);
    assert.equal(bad.code, 2);
    assert.deepEqual(readdirSync(root.path), []);

    env.recorder.inject({ kind: "order", hang: "before", times: 1 });
    // Another name: Pebble takes a validation for valid again one time in a hundred, whatever it is told.
    await using child = await env.program.start([`b.test:${root.path}`]);
    await child.until(/is validating/);
    child.kill("SIGTERM");
    assert.equal((await child.exited).code, 143);
    assert.deepEqual(readdirSync(root.path), []);
  });

  test("a set that a crash left half replaced is completed with exit 0, so that the web server loads it", async () => {
    await using env = await environment();
    const { program } = env;
    assert.equal((await program.issue(["a.test"])).code, 0);
    const names = ["key.pem", "cert.pem", "chain.pem", "fullchain.pem"];
    for (const name of names)
      renameSync(join(program.dir, name), join(program.dir, `.${name}.new`));
    writeFileSync(join(program.dir, ".acme-sidecar.commit"), JSON.stringify(names));
    const requests = env.recorder.count();
    const completing = await program.issue(["a.test"]);
    assert.equal(completing.code, 0, completing.stderr);
    assert.match(completing.stderr, /An earlier run was interrupted while saving\. Finished it: /);
    checkSet(program);
    assert.equal((await program.issue(["a.test"])).code, 1);
    assert.equal(env.recorder.count(), requests);
  });

  test("a certificate that was saved by a run which did not live to say so is told by the next, so that it is loaded", async () => {
    await using env = await environment();
    const { program, recorder } = env;
    assert.equal((await program.issue(["a.test"])).code, 0);
    const first = program.leaf().fingerprint256;
    const hang = recorder.inject({ kind: "renewal-info", hang: "before" });
    await using child = await program.start(["a.test"], "--force");
    await eventually("the last request", () => hang.hits() > 0);
    await eventually("the files", () => program.leaf().fingerprint256 !== first);
    const { fingerprint256 } = program.leaf();
    child.kill("SIGKILL");
    await child.exited;
    hang.remove();
    const next = await program.issue(["a.test"]);
    assert.equal(next.code, 0, next.stderr);
    assert.equal(program.leaf().fingerprint256, fingerprint256);
    assert.equal((await program.issue(["a.test"])).code, 1);
  });

  // One run takes about this long; the points are spread over it and a little beyond.
  const POINTS = 24;
  const SPAN = 1500;
  for (let part = 0; part < 3; part += 1)
    test(`SIGKILL at ${POINTS / 3} moments of a run (${part + 1} of 3): no torn file, and the next run succeeds`, async () => {
      await using env = await environment();
      for (let point = part; point < POINTS; point += 3) {
        await using child = await env.program.start([`host-${point}.test`]);
        await pause((SPAN * point) / POINTS);
        child.kill("SIGKILL");
        await child.exited;
        checkFiles(env.program);
        const next = await env.program.issue([`host-${point}.test`]);
        assert.ok(next.code === 0 || next.code === 1, next.stderr);
        checkSet(env.program);
      }
      assert.ok(readdirSync(env.program.dir).includes("account_reg.json"), join(env.program.dir));
    });
});
