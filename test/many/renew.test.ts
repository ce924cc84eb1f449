import assert from "node:assert/strict";
import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { after, before, describe, test } from "node:test";
import { runCli } from "../support/cli.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { certsDir } from "../support/simp_le.ts";
import { missing } from "../support/tools.ts";
import { many, ordered } from "./setting.ts";

const skip = missing("pebble");
/** More than any certificate of Pebble's lives, so that it is always due. */
const ALWAYS = 2_000_000_000;

describe("renew", { skip, concurrency: 4 }, () => {
  let pebble: Pebble;
  before(async () => {
    pebble = await startPebble();
  });
  after(() => pebble[Symbol.asyncDispose]());

  test("renews what issue and batch have got, each in its way, and leaves the rest", async () => {
    await using env = await many(pebble, 3);
    const [a = "", b = "", c = ""] = env.names;
    const batch = await env.batch([{ id: "due", names: [a], key: "ec384", valid_min: ALWAYS }, b]);
    assert.equal(batch.code, 0, batch.stderr);
    mkdirSync(env.at("deep"));
    const options = ["--certs_dir", env.at("deep"), ...env.options];
    const due = ["--valid_min", String(ALWAYS), "-f", "full.pem", "-f", "account_key.json"];
    const single = await runCli([...options, ...due, "-d", c]);
    assert.equal(single.code, 0, single.stderr);

    const before = ordered(env).length;
    const { code, stderr } = await env.verb(["renew"]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(ordered(env).slice(before).sort(), [a, c].sort());
    assert.match(stderr, /3 targets: 2 issued \((?:due, deep|deep, due)\), 1 kept, 0 failed/);
    const created = env.recorder.requests.filter(
      ({ kind, status }) => kind === "new-account" && status === 201,
    );
    assert.equal(created.length, 2);
    assert.match(readFileSync(env.at("deep", "full.pem"), "utf8"), /PRIVATE KEY/);
  });

  test("--next_run says when it comes again, in place of what was recorded", async () => {
    await using env = await many(pebble, 1);
    const [name = ""] = env.names;
    assert.equal((await env.batch([name])).code, 0);
    const nextRun = () => (env.state(name).target as { want: { nextRun: number } }).want.nextRun;
    assert.equal(nextRun(), 86_400_000);
    const { code, stderr } = await env.verb(["renew", "--next_run", "3600"]);
    assert.equal(code, 1, stderr);
    assert.equal(nextRun(), 3_600_000);
    assert.equal((await env.verb(["renew"])).code, 1);
    assert.equal(nextRun(), 3_600_000);
  });

  test("the CA is asked for its wishes by one question for each", async () => {
    await using env = await many(pebble, 5);
    assert.equal((await env.batch(env.names)).code, 0);
    for (const name of env.names) env.edit(name, ({ origin }) => delete origin?.lookAgain);
    const start = env.recorder.requests.length;
    const { code, stderr } = await env.verb(["renew"]);
    assert.equal(code, 1, stderr);
    const kinds = env.recorder.requests.slice(start).map(({ kind }) => kind);
    assert.deepEqual(
      kinds,
      env.names.map(() => "renewal-info"),
    );
    assert.equal((await env.verb(["renew"])).code, 1);
    assert.equal(env.recorder.requests.length, start + 5);
  });

  test("webroots are used again, and what cannot be read any more is told while the others are renewed", async () => {
    await using env = await many(pebble, 2);
    const [a = "", b = ""] = env.names;
    await using root = certsDir();
    const targets = [
      { id: "web", names: [a], method: "webroot", root: root.path },
      { id: "port", names: [b], valid_min: ALWAYS },
    ];
    // Nothing serves that folder, so its first run fails, and is recorded all the same.
    const first = await env.batch(targets);
    assert.equal(first.code, 2);
    assert.match(first.stderr, /1 issued \(port\), 0 kept, 1 failed \(web\)/);
    const again = await env.verb(["renew", "--retry"]);
    assert.equal(again.code, 2);
    assert.match(again.stderr, /1 issued \(port\), 0 kept, 1 failed \(web\)/);

    env.edit("web", (state) => (state.target = { names: "nonsense" }));
    const broken = await env.verb(["renew", "--retry"]);
    assert.equal(broken.code, 2);
    assert.match(broken.stderr, /The record in .*web cannot be read/);
    assert.match(broken.stderr, /1 issued \(port\), 0 kept, 1 failed \(web\)/);
  });

  test("each set is renewed with the CA bundle and the user agent it was got with, unless renew is told others", async () => {
    await using env = await many(pebble, 3);
    const [a = "", b = "", c = ""] = env.names;
    const { recorder, at } = env;
    const listen = env.options.slice(-2);
    const own = at("roots-of-a.pem");
    copyFileSync(recorder.caFile, own);
    const issue = (id: string, name: string, ...words: string[]) => {
      mkdirSync(at(id), { recursive: true });
      const place = ["--certs_dir", at(id), "--account_dir", at("accounts")];
      const always = ["--valid_min", String(ALWAYS), ...listen];
      return runCli(["-d", name, ...place, ...always, ...words]);
    };
    // The first two are one account at one CA, the third's CA is trusted by another bundle alone.
    const near = ["--server", recorder.directoryUrl, "--ca_bundle"];
    const first = [
      await issue("a", a, ...near, own, "--user_agent", "one"),
      await issue("b", b, ...near, recorder.caFile, "--user_agent", "two"),
      await issue("c", c, ...["--server", pebble.directoryUrl, "--ca_bundle", pebble.caFile]),
    ];
    for (const { code, stderr } of first) assert.equal(code, 0, stderr);

    const renew = (...words: string[]) => runCli(["renew", at(), ...words]);
    const agents = async (...words: string[]) => {
      const start = recorder.requests.length;
      const { code, stderr } = await renew(...words);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /3 targets: 3 issued/);
      const asked = recorder.requests.slice(start);
      assert.ok(asked.every(({ kind }) => kind !== "new-account"));
      const seen = asked
        .filter(({ kind }) => kind === "new-order")
        .map(({ headers }) => headers["user-agent"]);
      return seen.sort();
    };
    assert.deepEqual(await agents(), ["one", "two"]);
    assert.deepEqual(await agents("--user_agent", "three"), ["three", "three"]);
    const file = readFileSync(at("a", ".acme-sidecar.json"), "utf8");
    assert.ok(file.includes(own) && !file.includes("BEGIN CERTIFICATE"));

    rmSync(own);
    const without = await renew();
    assert.equal(without.code, 2);
    assert.match(without.stderr, /2 issued \(b, c\), 0 kept, 1 failed \(a\)/);
    const errors: string[] = without.stderr.match(/ error: .*/g) ?? [];
    assert.equal(errors.length, 1, without.stderr);
    assert.match(
      errors.join(),
      /a: \S*roots-of-a\.pem, the recorded --ca_bundle of this certificate, cannot be used: it does not exist\. Put it back, or name another/,
    );
    const both = at("both.pem");
    writeFileSync(
      both,
      [recorder.caFile, pebble.caFile].map((each) => readFileSync(each, "utf8")).join(""),
    );
    // What is told for one run is not recorded.
    const told = ["--retry", "--ca_bundle", both];
    assert.deepEqual(await agents(...told), ["one", "two"]);
    assert.match((await renew("--retry")).stderr, /1 failed \(a\)/);

    // As an older version has recorded it.
    env.edit("a", ({ target }) => {
      const { ask } = target as { ask: Record<string, unknown> };
      delete ask["caBundle"];
      delete ask["userAgent"];
    });
    const old = await renew("--retry");
    assert.match(old.stderr, /a: The TLS certificate of .* is not trusted/);
    const [one, other] = await agents(...told);
    assert.deepEqual([/^acme-sidecar\//.test(one ?? ""), other], [true, "two"]);
  });

  test(
    "root runs no program that another user has written into a record",
    { skip: process.getuid?.() !== 0 && "only root has more rights" },
    async () => {
      await using env = await many(pebble, 1);
      const [a = ""] = env.names;
      const wanted = { id: "app", names: [a], valid_min: ALWAYS };
      assert.equal((await env.batch([wanted])).code, 0);
      const trace = env.at("trace");
      const script = env.at("program");
      writeFileSync(script, `#!/bin/sh\n: >'${trace}'\n`, { mode: 0o755 });
      env.edit("app", ({ target }) => {
        const { ask } = target as { ask: Record<string, unknown> };
        ask["method"] = { kind: "dns", script, timeout: 9000, resolvers: [] };
      });
      chownSync(env.at("app", ".acme-sidecar.json"), 1234, 1234);
      const renewed = await env.verb(["renew"]);
      assert.equal(renewed.code, 2, renewed.stderr);
      assert.match(renewed.stderr, /names a program to run, and another user/);
      assert.ok(!existsSync(trace));
      chownSync(env.at("app", ".acme-sidecar.json"), 0, 0);
      await env.verb(["renew", "--retry"]);
      assert.ok(existsSync(trace), "what root has recorded itself is run");
    },
  );

  test("no secret is recorded, only where it is", async () => {
    const hmac = Buffer.from("a secret key of thirty-two bytes").toString("base64url");
    await using strict = await startPebble({ eab: { "kid-1": hmac } });
    await using env = await many(strict, 1);
    const [name = ""] = env.names;
    const direct = {
      id: "a",
      names: [name],
      eab_kid: "kid-1",
      eab_hmac_key: hmac,
    };
    assert.equal((await env.batch([direct])).code, 0);
    assert.ok(!readFileSync(env.at("a", ".acme-sidecar.json"), "utf8").includes(hmac));

    const file = env.at("mac");
    writeFileSync(file, hmac);
    const named = {
      id: "b",
      names: [name],
      eab_kid: "kid-1",
      eab_hmac_key_file: file,
    };
    assert.equal((await env.batch([named])).code, 0);
    const text = readFileSync(env.at("b", ".acme-sidecar.json"), "utf8");
    assert.ok(text.includes(file) && !text.includes(hmac));
    rmSync(file);
    assert.equal((await env.verb(["renew"])).code, 1);
  });
});

test("renew of a folder in which nothing is recorded is an error that says what to do", async () => {
  await using certs = certsDir();
  const empty = await runCli(["renew", certs.path]);
  assert.equal(empty.code, 2);
  assert.match(empty.stderr, /Nothing is recorded in .*Name the folder/);
  const none = await runCli(["renew", `${certs.path}/none`]);
  assert.equal(none.code, 2);
  assert.match(none.stderr, /none cannot be used: it does not exist/);
});

test("one damaged record stops no other set, and a first run that was killed as it saved is tried again", async () => {
  await using pebble = await startPebble();
  await using env = await many(pebble, 3);
  const [damaged = "", killed = ""] = env.names;
  assert.equal((await env.batch(env.names)).code, 0);
  const stateOf = (name: string) => env.at(name, ".acme-sidecar.json");
  const text = readFileSync(stateOf(damaged), "utf8");
  const { target } = JSON.parse(text) as { target: { keep: object } };
  const wrong = { ...target, keep: { ...target.keep, accounts: 7 } };
  writeFileSync(stateOf(damaged), JSON.stringify({ version: 1, target: wrong }));
  writeFileSync(stateOf(killed), JSON.stringify({ version: 1, unreported: "AA" }));
  rmSync(env.at(killed, "key.pem"));
  const refused = env.recorder.inject({
    kind: "new-order",
    answer: { status: 403, body: "" },
  });
  assert.equal((await env.batch([killed])).code, 2);
  refused.remove();
  const { code, stderr } = await env.verb(["renew", "--retry"]);
  assert.equal(code, 2, stderr);
  assert.match(stderr, new RegExp(`certificate for ${killed} is in`));
  assert.match(stderr, new RegExp(`The record in \\S*/${damaged} cannot be read`));
  assert.match(stderr, /1 kept, 1 failed/);
});
