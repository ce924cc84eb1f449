import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { readCertificates } from "../../src/store/pem.ts";
import { environment } from "../support/environment.ts";
import { missing } from "../support/tools.ts";

describe(
  "a run with --pkcs12_password_file",
  { skip: missing("pebble"), concurrency: true },
  () => {
    test("writes cert.p12 with each certificate, nothing when nothing is due, and a missing one again", async () => {
      await using env = await environment();
      const { program } = env;
      const password = join(program.dir, "password");
      const file = join(program.dir, "cert.p12");
      writeFileSync(password, "not to be seen\r\na second line\n");
      const words = ["--pkcs12_password_file", password, "-v"];
      const isFor = () => {
        const pem = execFileSync(
          "openssl",
          ["pkcs12", "-in", file, "-passin", "pass:not to be seen", "-nokeys"],
          { stdio: "pipe", encoding: "utf8" },
        );
        return readCertificates(pem)[0]?.fingerprint256;
      };

      const first = await program.issue(["a.test"], ...words);
      assert.equal(first.code, 0, first.stderr);
      assert.equal(isFor(), program.leaf().fingerprint256);
      assert.ok(!`${first.stdout}${first.stderr}`.includes("not to be seen"));

      const bytes = readFileSync(file);
      const second = await program.issue(["a.test"], ...words);
      assert.equal(second.code, 1, second.stderr);
      assert.deepEqual(readFileSync(file), bytes);

      rmSync(file);
      const third = await program.issue(["a.test"], ...words);
      assert.equal(third.code, 0, third.stderr);
      assert.equal(isFor(), program.leaf().fingerprint256);

      const { fingerprint256: old } = program.leaf();
      const forced = await program.issue(["a.test"], ...words, "--force");
      assert.equal(forced.code, 0, forced.stderr);
      assert.notEqual(program.leaf().fingerprint256, old);
      assert.equal(isFor(), program.leaf().fingerprint256);
    });

    test("is refused without a password before anything is asked", async () => {
      await using env = await environment();
      const { program, recorder } = env;
      const empty = join(program.dir, "empty");
      const latin = join(program.dir, "latin");
      writeFileSync(empty, "\nsecond line\n");
      writeFileSync(latin, Buffer.from("schl\xfcssel", "latin1"));
      for (const [file, message] of [
        ["/nowhere", /--pkcs12_password_file \/nowhere: it does not exist/],
        [empty, /empty: its first line is empty/],
        [latin, /latin: it is not text in UTF-8/],
      ] as const) {
        const { code, stderr } = await program.issue(
          ["a.test"],
          ...["--pkcs12_password_file", file],
        );
        assert.equal(code, 2);
        assert.match(stderr, message);
        assert.doesNotMatch(stderr, /second line|ssel/);
      }
      assert.equal(recorder.count(), 0);
    });
  },
);
