import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { namesOf } from "../../src/store/bundle.ts";
import { readCertificates } from "../../src/store/pem.ts";
import { environment } from "../support/environment.ts";
import { preload, preloadSkip } from "../support/preload.ts";
import { sidecar, snapshot } from "../support/sidecar.ts";
import { missing } from "../support/tools.ts";

const skip = missing("pebble");

describe("a certificate from Pebble", { skip, concurrency: true }, () => {
  test("one name: 9 requests and a nonce the first time, 7 with a known account, none when nothing is due", async () => {
    await using env = await environment();
    const { program, recorder, pebble } = env;
    const first = await program.issue(["example.test"]);
    assert.equal(first.code, 0, first.stderr);
    assert.equal(first.stdout, "");
    assert.equal(recorder.steps(), 9, kinds(recorder));
    assert.deepEqual(namesOf(program.leaf()), ["example.test"]);

    const files = [
      "account_key.json",
      "account_reg.json",
      "key.pem",
      "cert.pem",
      "chain.pem",
      "fullchain.pem",
    ];
    const visible = readdirSync(program.dir).filter((file) => !file.startsWith("."));
    assert.deepEqual(visible.sort(), files.sort());
    for (const file of files) {
      const secret = file === "key.pem" || file === "account_key.json";
      assert.equal(statSync(join(program.dir, file)).mode & 0o777, secret ? 0o600 : 0o644, file);
    }
    assert.ok(program.leaf().checkPrivateKey(createPrivateKey(program.read("key.pem"))));
    assert.equal(
      program.read("fullchain.pem"),
      program.read("cert.pem") + program.read("chain.pem"),
    );
    const [root = ""] = await pebble.roots();
    assert.ok(
      readCertificates(program.read("chain.pem"))
        .at(-1)
        ?.verify(new X509Certificate(root).publicKey),
    );

    const again = await program.issue(["example.test"]);
    assert.equal(again.code, 1, again.stderr);
    assert.match(again.stderr, /renewal is not necessary before/);
    assert.equal(recorder.steps(), 9);

    const other = await program.issue(["other.test"]);
    assert.equal(other.code, 0, other.stderr);
    assert.equal(recorder.steps(), 9 + 7, kinds(recorder));
    assert.equal(recorder.count("new-account"), 1);
  });

  test(
    "a port alone is listened on for IPv4 where the host has no IPv6",
    { skip: preloadSkip },
    async () => {
      await using env = await environment();
      const { pebble, recorder } = env;
      const faults = preload({ ipv6: "EAFNOSUPPORT" });
      await using without = sidecar(recorder, pebble.httpPort, { env: faults });
      const { code, stderr } = await without.issue(["a.test"], "--listen", `${pebble.httpPort}`);
      assert.equal(code, 0, stderr);
      const named = await without.issue(["a.test"], "--force", "--listen", "[::1]:0");
      assert.equal(named.code, 2, named.stderr);
      assert.match(named.stderr, /\[::1\]/);
    },
  );

  test("100 names in one certificate: 207 requests and nonces the first time, 205 with a known account", async () => {
    await using env = await environment();
    const { program, recorder } = env;
    const names = (host: string) =>
      Array.from({ length: 100 }, (_, index) => `${host}-${index}.test`);
    const first = await program.issue(names("a"));
    assert.equal(first.code, 0, first.stderr);
    assert.equal(recorder.steps(), 207, kinds(recorder));
    assert.deepEqual(new Set(namesOf(program.leaf())), new Set(names("a")));
    const second = await program.issue(names("b"));
    assert.equal(second.code, 0, second.stderr);
    assert.equal(recorder.steps(), 207 + 205, kinds(recorder));
  });

  test("an IDN is converted, and shown as it is written", async () => {
    await using env = await environment();
    const { code, stderr } = await env.program.issue(["bücher.example.test"]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /bücher\.example\.test \(xn--bcher-kva\.example\.test\)/);
    assert.deepEqual(namesOf(env.program.leaf()), ["xn--bcher-kva.example.test"]);
  });

  test("a CA that rejects every other nonce", async () => {
    await using env = await environment({ nonceReject: 50 });
    const { code, stderr } = await env.program.issue(["a.test", "b.test", "c.test", "d.test"]);
    assert.equal(code, 0, stderr);
    const nonces = env.recorder.requests
      .map((request) => request.body?.protected["nonce"])
      .filter(Boolean);
    assert.equal(new Set(nonces).size, nonces.length, "a nonce was used twice");
    assert.ok(env.recorder.count("new-nonce") <= 4, "no nonce for each try");
  });

  test("a CA that reuses every authorization is not asked to validate again", async () => {
    await using env = await environment({ authzReuse: 100 });
    const { program, recorder } = env;
    assert.equal((await program.issue(["a.test", "b.test"])).code, 0);
    const before = recorder.count("challenge");
    const forced = await program.issue(["a.test", "b.test"], "--force");
    assert.equal(forced.code, 0, forced.stderr);
    assert.equal(recorder.count("challenge"), before);
    const wider = await program.issue(["a.test", "b.test", "c.test"]);
    assert.equal(wider.code, 0, wider.stderr);
    assert.equal(recorder.count("challenge"), before + 1);
  });

  test("a CA that never reuses an authorization, and takes its time to validate", async () => {
    await using env = await environment({
      authzReuse: 0,
      vaSleep: 3,
    });
    const { code, stderr } = await env.program.issue(["a.test", "b.test", "c.test"]);
    assert.equal(code, 0, stderr);
    const { code: forced } = await env.program.issue(["a.test", "b.test", "c.test"], "--force");
    assert.equal(forced, 0);
    // Pebble reuses one in a hundred even so.
    const pending = env.recorder.requests.filter(
      ({ kind, answer }) =>
        kind === "authorization" && answer?.body.includes('"status": "pending"'),
    );
    assert.ok(pending.length > 0);
    assert.equal(env.recorder.count("challenge"), new Set(pending.map(({ url }) => url)).size);
  });

  test("a chain of length 3 is written in its order", async () => {
    await using env = await environment({ chainLength: 3 });
    const { code, stderr } = await env.program.issue(["a.test"]);
    assert.equal(code, 0, stderr);
    const path = readCertificates(env.program.read("fullchain.pem"));
    assert.equal(path.length, 4);
    for (const [index, issued] of path.slice(0, -1).entries()) {
      const issuer = path[index + 1];
      assert.ok(issuer && issued.verify(issuer.publicKey));
    }
  });

  test("a refused name: exit 2 with the name and the CA's reason, and the old files stay", async () => {
    await using env = await environment({ blocklist: ["blocked.test"] });
    const { program } = env;
    assert.equal((await program.issue(["good.test"])).code, 0);
    const before = snapshot(program.dir);
    const { code, stderr } = await program.issue(["good.test", "blocked.test"]);
    assert.equal(code, 2);
    assert.match(stderr, /blocked\.test/);
    assert.match(stderr, /rejectedIdentifier/);
    assert.equal(snapshot(program.dir), before);
  });

  test("names the CA cannot validate: each is named, with whether the CA came here", async () => {
    await using env = await environment();
    await env.pebble.dns.setA("lost.test", ["127.0.0.9"]);
    const { code, stderr } = await env.program.issue(["good.test", "lost.test"]);
    assert.equal(code, 2);
    assert.match(stderr, /The CA did not validate lost\.test: .*127\.0\.0\.9/);
    assert.match(stderr, /could not connect: nothing listens on port 80 at 127\.0\.0\.9\./);
    assert.deepEqual(
      readdirSync(env.program.dir).filter((file) => file.endsWith(".pem")),
      [],
    );
  });

  test("RSA keys when asked for, for the certificate and the account; the kind is kept when renewing", async () => {
    await using env = await environment();
    const { program } = env;
    const asked = await program.issue(
      ["a.test"],
      "--cert_key_size",
      "2048",
      "--account_key_size",
      "2048",
    );
    assert.equal(asked.code, 0, asked.stderr);
    const first = program.leaf().publicKey;
    assert.equal(first.asymmetricKeyDetails?.modulusLength, 2048);
    assert.equal((JSON.parse(program.read("account_key.json")) as { kty: string }).kty, "RSA");
    assert.equal((await program.issue(["a.test"], "--force")).code, 0);
    const second = program.leaf().publicKey;
    assert.equal(second.asymmetricKeyDetails?.modulusLength, 2048);
    assert.ok(!second.equals(first));
    assert.equal((await program.issue(["a.test"], "--force", "--reuse_key")).code, 0);
    assert.ok(program.leaf().publicKey.equals(second));
  });

  test("the account is found again by its key when account_reg.json is not kept", async () => {
    await using env = await environment();
    const files = ["account_key.json", "key.pem", "cert.pem", "chain.pem", "fullchain.pem"].flatMap(
      (f) => ["-f", f],
    );
    assert.equal((await env.program.issue(["a.test"], ...files)).code, 0);
    const again = await env.program.issue(["a.test"], "--force", ...files);
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stderr, /Found the account/);
    const answers = env.recorder.requests
      .filter(({ kind }) => kind === "new-account")
      .map(({ status }) => status);
    assert.deepEqual(answers, [201, 200]);
  });

  test("an account that the CA forgot is created again, with the same key", async () => {
    await using env = await environment();
    const { program } = env;
    assert.equal((await program.issue(["a.test"])).code, 0);
    const key = program.read("account_key.json");
    const kept = JSON.parse(program.read("account_reg.json")) as {
      uri: string;
    };
    const gone = { ...kept, uri: kept.uri.replace(/[^/]+$/, "forgotten") };
    writeFileSync(join(program.dir, "account_reg.json"), JSON.stringify(gone));
    const { code, stderr } = await program.issue(["a.test"], "--force");
    assert.equal(code, 0, stderr);
    assert.equal(program.read("account_key.json"), key);
    assert.equal((JSON.parse(program.read("account_reg.json")) as { uri: string }).uri, kept.uri);
  });

  test("a registration whose key was lost is not used for the new key", async () => {
    await using env = await environment();
    const { program } = env;
    assert.equal((await program.issue(["a.test"])).code, 0);
    rmSync(join(program.dir, "account_key.json"));
    const { code, stderr } = await program.issue(["a.test"], "--force");
    assert.equal(code, 0, stderr);
    assert.equal(env.recorder.count("new-account"), 2);
  });

  test("a missing key or chain is mended by a new certificate", async () => {
    await using env = await environment();
    const { program } = env;
    assert.equal((await program.issue(["a.test"])).code, 0);
    rmSync(join(program.dir, "key.pem"));
    const { code, stderr } = await program.issue(["a.test"]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /the key or chain of the current one is missing or wrong/);
    assert.ok(program.leaf().checkPrivateKey(createPrivateKey(program.read("key.pem"))));
  });

  test("two runs at once place one order: the second waits and finds nothing to do", async () => {
    await using env = await environment();
    const results = await Promise.all([
      env.program.issue(["a.test"]),
      env.program.issue(["a.test"]),
    ]);
    assert.deepEqual(
      results.map(({ code }) => code).sort(),
      [0, 1],
      results.map(({ stderr }) => stderr).join(),
    );
    assert.equal(env.recorder.count("new-order"), 1);
  });

  test("--log-format json makes every line one object with a time, a level and an event", async () => {
    await using env = await environment();
    const { code, stderr, stdout } = await env.program.issue(
      ["a.test"],
      "--log-format",
      "json",
      "-v",
    );
    assert.equal(code, 0);
    assert.equal(stdout, "");
    const lines = stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.ok(lines.length > 10);
    for (const line of lines)
      for (const member of ["time", "level", "event", "message"])
        assert.equal(typeof line[member], "string", member);
    const last = lines.at(-1) ?? {};
    assert.equal(last["event"], "issued");
    assert.deepEqual(last["names"], ["a.test"]);
    assert.ok(
      !stderr.includes((JSON.parse(env.program.read("account_key.json")) as { d: string }).d),
    );
  });
});

function kinds(recorder: { requests: { kind: string }[] }): string {
  const counts = Map.groupBy(recorder.requests, ({ kind }) => kind);
  return [...counts].map(([kind, requests]) => `${kind} ${requests.length}`).join(", ");
}
