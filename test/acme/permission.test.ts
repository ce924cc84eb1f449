import assert from "node:assert/strict";
import {
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
} from "node:fs";
import { readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, test } from "node:test";
import { runCli } from "../support/cli.ts";
import { environment } from "../support/environment.ts";
import { missing } from "../support/tools.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** Runs the program as docs/image.md has it: it gets at its own files and at one folder. */
const confined = (dir: string, words: string[]) => {
  const permissions = [
    ...["--permission", "--allow-net", `--allow-fs-read=${ROOT}`],
    ...[`--allow-fs-read=${dir}`, `--allow-fs-write=${dir}`],
  ];
  return runCli(words, {
    env: { NODE_OPTIONS: [...permissions, "--disable-warning=ExperimentalWarning"].join(" ") },
  });
};

describe("with the permission model of Node.js", { skip: missing("pebble") }, () => {
  test("a certificate is got, kept and replaced as without, also behind a link", async () => {
    await using env = await environment();
    const { program, recorder, pebble } = env;
    const { dir } = program;
    const roots = join(dir, "roots.pem");
    copyFileSync(recorder.caFile, roots);
    mkdirSync(join(dir, "keys"));
    symlinkSync("keys/mine.pem", join(dir, "key.pem"));
    const words = [
      ...["--server", recorder.directoryUrl, "--ca_bundle", roots, "--certs_dir", dir],
      ...["--account_dir", join(dir, "accounts"), "--listen", `127.0.0.1:${pebble.httpPort}`],
      ...["-d", "a.test"],
    ];
    const first = await confined(dir, words);
    assert.equal(first.code, 0, first.stderr);
    assert.equal(readlinkSync(join(dir, "key.pem")), "keys/mine.pem");
    const [key, cert] = [join(dir, "keys/mine.pem"), join(dir, "cert.pem")];
    const modes = () => [key, cert].map((file) => statSync(file).mode & 0o777);
    assert.deepEqual(modes(), [0o600, 0o644]);

    const second = await confined(dir, words);
    assert.equal(second.code, 1, second.stderr);
    const old = readFileSync(cert, "utf8");
    const owner = process.getuid?.() === 0 ? ["--owner", "1234:4321"] : [];
    const third = await confined(dir, [...words, "--force", "--key_mode", "0640", ...owner]);
    assert.equal(third.code, 0, third.stderr);
    assert.notEqual(readFileSync(cert, "utf8"), old);
    assert.deepEqual(modes(), [0o640, 0o644]);
    if (owner.length > 0) assert.deepEqual([statSync(key).uid, statSync(cert).gid], [1234, 4321]);
    const fourth = await confined(dir, [...words, "--reuse_key", "--force", "--key_mode", "0600"]);
    assert.equal(fourth.code, 0, fourth.stderr);
    assert.deepEqual(modes(), [0o600, 0o644]);
    const left = readdirSync(dir, { recursive: true }).map(String);
    assert.deepEqual(
      left.filter((file) => /\.new$|commit|trial/.test(file)),
      [],
    );
    assert.equal(recorder.count("new-account"), 1);
  });

  test(
    "root is told to run as the owner of a folder, since it could be led elsewhere there",
    { skip: process.getuid?.() !== 0 && "only root can give folders away" },
    async () => {
      await using env = await environment();
      const { dir } = env.program;
      chownSync(dir, 1234, 4321);
      const words = ["--server", env.recorder.directoryUrl, "--certs_dir", dir, "-d", "a.test"];
      const { code, stderr } = await confined(dir, words);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /belongs to another user \(1234\).*--user 1234:4321/);
      assert.equal(env.recorder.count(), 0);
      assert.deepEqual(readdirSync(dir), []);
    },
  );
});
