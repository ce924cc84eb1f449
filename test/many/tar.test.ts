import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { settleDelivery } from "../../src/core/many/delivery.ts";
import { inherited, MAIN, runCli } from "../support/cli.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { preload, preloadSkip } from "../support/preload.ts";
import { certsDir, rsaAccount, simpLeFiles } from "../support/simp_le.ts";
import { makeBundle } from "../support/certificates.ts";
import { tempDir } from "../support/temp.ts";
import { asVariables } from "../support/variables.ts";
import { missing } from "../support/tools.ts";
import { many } from "./setting.ts";

/** More than any certificate of Pebble's lives, so that it is always due. */
const ALWAYS = 2_000_000_000;

interface Piped {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** What `tar` says of the output. */
  listed: string[];
  stderr: string;
}

/** Runs the program with its output read by tar. */
async function piped(
  words: string[],
  input = "",
  faults: Record<string, string> = {},
): Promise<Piped> {
  const env = inherited();
  const program = spawn(process.execPath, [MAIN, ...words], {
    env: { ...env, ...faults },
  });
  const reader = spawn("tar", ["-tv"], { env: { ...env, LC_ALL: "C" } });
  program.stdout.pipe(reader.stdin);
  program.stdin.end(input);
  const [stderr, listing, complaint, [code, signal], [ended]] = await Promise.all([
    text(program.stderr),
    text(reader.stdout),
    text(reader.stderr),
    once(program, "exit") as Promise<[number | null, NodeJS.Signals | null]>,
    once(reader, "exit") as Promise<[number | null]>,
  ]);
  if (signal === null) assert.deepEqual([ended, complaint], [0, ""]);
  const lines = listing.split("\n").filter((line) => line !== "");
  return {
    ...{ code, signal, stderr },
    listed: lines.map((line) => line.split(/\s+/)[5] ?? ""),
  };
}

describe("certificates as a tar", { skip: missing("pebble"), concurrency: 4 }, () => {
  let pebble: Pebble;
  before(async () => {
    pebble = await startPebble();
  });
  after(() => pebble[Symbol.asyncDispose]());

  test("batch --tar-changed writes what has changed and nothing else, and tar all or some of it", async () => {
    await using env = await many(pebble, 3);
    const [a = "", b = "", c = ""] = env.names;
    const words = ["batch", "-", "--certs_dir", env.at(), ...env.options, "--tar-changed"];
    const targets = (...names: string[]) =>
      JSON.stringify({ targets: names.map((name) => ({ names: [name] })) });
    const files = (id: string) => [`${id}/server.crt`, `${id}/server.key`];

    const first = await piped(words, targets(a, b));
    assert.equal(first.code, 0, first.stderr);
    assert.deepEqual(first.listed.sort(), [...files(a), ...files(b)].sort());
    const second = await piped(words, targets(a, b, c));
    assert.equal(second.code, 0, second.stderr);
    assert.deepEqual(second.listed, files(c));
    const third = await piped(words, targets(a, b, c));
    assert.deepEqual([third.code, third.listed], [1, []]);
    rmSync(env.at(b, "fullchain.pem"));
    const fourth = await piped(words, targets(a, b, c));
    assert.deepEqual([fourth.code, fourth.listed], [0, files(b)]);

    const all = await piped(["tar", env.at()]);
    assert.equal(all.code, 0, all.stderr);
    assert.deepEqual(all.listed.sort(), [a, b, c].flatMap(files).sort());
    const two = await piped(["tar", env.at(), "--id", c, "--id", a]);
    assert.deepEqual(two.listed, [...files(c), ...files(a)]);
    const one = await piped(["tar", env.at(), "--id", b]);
    assert.deepEqual(one.listed, ["server.crt", "server.key"]);
  });

  /** One folder of certificates, got with `--tar-changed` or without. */
  async function deliveries(count: number) {
    const env = await many(pebble, count);
    const words = ["--certs_dir", env.at(), ...env.options];
    const batch = ["batch", "-", ...words];
    const input = (more: object = {}) =>
      JSON.stringify({
        targets: env.names.map((name) => ({ names: [name], ...more })),
      });
    return {
      ...env,
      files: env.names.flatMap((id) => [`${id}/server.crt`, `${id}/server.key`]).sort(),
      plain: () => runCli(batch, { input: input() }),
      again: () => runCli(batch, { input: input({ valid_min: ALWAYS }) }),
      deliver: (faults: Record<string, string> = {}) =>
        piped([...batch, "--tar-changed"], input(), faults),
      renew: () =>
        piped(["renew", "--certs_dir", env.at(), "--tar-changed"], "", asVariables(env.options)),
      /** With a reader that goes away after so many bytes. */
      async cutOff(bytes: number) {
        const program = spawn(process.execPath, [MAIN, ...batch, "--tar-changed"], {
          env: inherited(),
        });
        if (bytes === 0) program.stdout.destroy();
        else {
          // The second certificate comes after that: else all may be written before it.
          const gone = Promise.withResolvers<object>();
          env.recorder.inject({ kind: "certificate", nth: 2, alter: () => gone.promise });
          program.stdout.once("data", () => {
            program.stdout.destroy();
            gone.resolve({});
          });
        }
        program.stdin.end(input());
        const [stderr, [code]] = await Promise.all([
          text(program.stderr),
          once(program, "exit") as Promise<[number | null]>,
        ]);
        return { code, stderr };
      },
    };
  }

  test("certificates are kept although nobody reads the tar, the run says so with 2, and the next one writes them", async () => {
    for (const bytes of [0, 1]) {
      await using env = await deliveries(2);
      const { code, stderr } = await env.cutOff(bytes);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /The tar cannot be written: nobody reads it any more/);
      for (const name of env.names) assert.ok(existsSync(env.at(name, "fullchain.pem")));
      const next = await env.deliver();
      assert.equal(next.code, 0, next.stderr);
      assert.deepEqual(next.listed.sort(), env.files);
      const last = await env.deliver();
      assert.deepEqual([last.code, last.listed], [1, []]);
    }
  });

  test("a run without --tar-changed in between tells once, and leaves the tar to the next one with it, also of what it renews", async () => {
    await using env = await deliveries(1);
    assert.equal((await env.cutOff(0)).code, 2);
    assert.equal((await env.plain()).code, 0);
    assert.equal((await env.plain()).code, 1);
    const next = await env.renew();
    assert.equal(next.code, 0, next.stderr);
    assert.deepEqual(next.listed.sort(), env.files);
    assert.deepEqual((await env.renew()).listed, []);

    rmSync(env.at(env.names[0] ?? "", "fullchain.pem"));
    assert.equal((await env.cutOff(0)).code, 2);
    assert.equal((await env.again()).code, 0);
    const renewed = await env.deliver();
    assert.equal(renewed.code, 0, renewed.stderr);
    assert.deepEqual(renewed.listed.sort(), env.files);
    // What is got without a tar is nobody's to wait for.
    assert.equal((await env.again()).code, 0);
    assert.deepEqual((await env.deliver()).listed, []);
  });

  test(
    "what a run that was killed has saved and not written is written by the next one",
    { skip: preloadSkip },
    async () => {
      for (let at = 1; ; at += 2) {
        await using env = await deliveries(1);
        const killed = await env.deliver(preload({ fd: 1, at, what: "kill" }));
        // So many writes there are.
        if (killed.signal === null) {
          assert.ok(at > 1);
          break;
        }
        assert.equal(killed.signal, "SIGKILL");
        const saved = env.names.filter((name) => existsSync(env.at(name, "fullchain.pem")));
        assert.ok(saved.length > 0);
        const next = await env.deliver();
        assert.equal(next.code, 0, next.stderr);
        assert.deepEqual(next.listed.sort(), env.files, `write ${at}`);
      }
    },
  );

  test(
    "so it is wherever a run is killed after the certificate is saved",
    { skip: preloadSkip },
    async () => {
      await using log = tempDir();
      const changes = join(log.path, "changes");
      await using whole = await deliveries(1);
      const at = (env: { at: () => string }) => ({ dir: env.at(), only: "changes" }) as const;
      await whole.deliver(preload({ ...at(whole), log: changes }));
      const steps = readFileSync(changes, "utf8").trim().split("\n");
      const saved = steps.findIndex((step) => step.includes("rename"));
      let owed = 0;
      for (let n = steps.length; n > Math.max(saved, steps.length - 18); n -= 3) {
        await using env = await deliveries(1);
        const killed = await env.deliver(preload({ ...at(env), at: n, what: "kill" }));
        assert.equal(killed.signal, "SIGKILL", killed.stderr);
        const next = await env.deliver();
        const got = [...killed.listed, ...next.listed];
        for (const file of env.files) assert.ok(got.includes(file), steps[n - 1] ?? "");
        if (killed.listed.length === 0) owed += 1;
        assert.deepEqual((await env.deliver()).listed, []);
      }
      assert.ok(owed > 0);
    },
  );
});

test("tar of a single set has its full chain and key at the top", async () => {
  await using certs = certsDir(simpLeFiles(makeBundle(), rsaAccount()));
  const { code, listed } = await piped(["tar", certs.path]);
  assert.deepEqual([code, listed], [0, ["server.crt", "server.key"]]);
  const { stdout } = await runCli(["tar", certs.path]);
  assert.ok(stdout.includes(readFileSync(`${certs.path}/fullchain.pem`, "utf8").trim()));
});

test("a set that is gone when it has been handed over is no failure", async () => {
  await using temp = tempDir();
  const gone = { dir: join(temp.path, "gone"), certificate: "AA" };
  await settleDelivery(gone, { signal: new AbortController().signal, emit: () => undefined });
});

test("what cannot be packed is told before anything is written", async () => {
  await using certs = certsDir();
  const empty = await runCli(["tar", certs.path]);
  assert.deepEqual([empty.code, empty.stdout], [2, ""]);
  assert.match(empty.stderr, /There is no certificate in/);
  certs.write(simpLeFiles(makeBundle(), rsaAccount()));
  const unknown = await runCli(["tar", certs.path, "--id", "x"]);
  assert.deepEqual([unknown.code, unknown.stdout], [2, ""]);
  assert.match(unknown.stderr, /--id x: there is no such certificate/);
  const expired = makeBundle({ days: 0 });
  certs.write(simpLeFiles(expired, rsaAccount()));
  const old = await runCli(["tar", certs.path]);
  assert.deepEqual([old.code, old.stdout], [2, ""]);
  assert.match(old.stderr, /The certificate in .* cannot be used: it expired at 20/);
  rmSync(`${certs.path}/key.pem`);
  rmSync(`${certs.path}/key.der`);
  rmSync(`${certs.path}/full.pem`);
  const partial = await runCli(["tar", certs.path]);
  assert.deepEqual([partial.code, partial.stdout], [2, ""]);
  assert.match(partial.stderr, /The key, the certificate or its chain is missing in /);
});
