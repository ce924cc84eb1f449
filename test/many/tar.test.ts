import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { inherited, MAIN, runCli } from "../support/cli.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { certsDir, rsaAccount, simpLeFiles } from "../support/simp_le.ts";
import { makeBundle } from "../support/certificates.ts";
import { missing } from "../support/tools.ts";
import { many } from "./setting.ts";

interface Piped {
  code: number | null;
  /** What `tar` says of the output. */
  listed: string[];
  stderr: string;
}

/** Runs the program with its output read by tar. */
async function piped(words: string[], input = ""): Promise<Piped> {
  const env = inherited();
  const program = spawn(process.execPath, [MAIN, ...words], { env });
  const reader = spawn("tar", ["-tv"], { env: { ...env, LC_ALL: "C" } });
  program.stdout.pipe(reader.stdin);
  program.stdin.end(input);
  const [stderr, listing, complaint, [code], [ended]] = await Promise.all([
    text(program.stderr),
    text(reader.stdout),
    text(reader.stderr),
    once(program, "exit") as Promise<[number | null]>,
    once(reader, "exit") as Promise<[number | null]>,
  ]);
  assert.deepEqual([ended, complaint], [0, ""]);
  const lines = listing.split("\n").filter((line) => line !== "");
  return {
    code,
    stderr,
    listed: lines.map((line) => line.split(/\s+/)[5] ?? ""),
  };
}

describe(
  "certificates as a tar",
  { skip: missing("pebble"), concurrency: 4 },
  () => {
    let pebble: Pebble;
    before(async () => {
      pebble = await startPebble();
    });
    after(() => pebble[Symbol.asyncDispose]());

    test("batch --tar-changed writes what has changed and nothing else, and tar all or some of it", async () => {
      await using env = await many(pebble, 3);
      const [a = "", b = "", c = ""] = env.names;
      const words = [
        "batch",
        "-",
        "--certs_dir",
        env.at(),
        ...env.options,
        "--tar-changed",
      ];
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

    test("certificates are kept although nobody reads the tar, and the run says so with 2", async () => {
      await using env = await many(pebble, 2);
      const words = [
        "batch",
        "-",
        "--certs_dir",
        env.at(),
        ...env.options,
        "--tar-changed",
      ];
      const program = spawn(process.execPath, [MAIN, ...words], {
        env: inherited(),
      });
      program.stdout.destroy();
      program.stdin.end(
        JSON.stringify({
          targets: env.names.map((name) => ({ names: [name] })),
        }),
      );
      const [stderr, [code]] = await Promise.all([
        text(program.stderr),
        once(program, "exit") as Promise<[number | null]>,
      ]);
      assert.equal(code, 2, stderr);
      assert.match(
        stderr,
        /The tar cannot be written: nobody reads it any more/,
      );
      for (const name of env.names)
        assert.ok(existsSync(env.at(name, "fullchain.pem")));
      assert.equal((await env.batch(env.names)).code, 1);
    });
  },
);

test("tar of a single set has its full chain and key at the top", async () => {
  await using certs = certsDir(simpLeFiles(makeBundle(), rsaAccount()));
  const { code, listed } = await piped(["tar", certs.path]);
  assert.deepEqual([code, listed], [0, ["server.crt", "server.key"]]);
  const { stdout } = await runCli(["tar", certs.path]);
  assert.ok(
    stdout.includes(readFileSync(`${certs.path}/fullchain.pem`, "utf8").trim()),
  );
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
  rmSync(`${certs.path}/key.pem`);
  rmSync(`${certs.path}/key.der`);
  rmSync(`${certs.path}/full.pem`);
  const partial = await runCli(["tar", certs.path]);
  assert.deepEqual([partial.code, partial.stdout], [2, ""]);
  assert.match(partial.stderr, /A part of the certificate in .* is missing/);
});
