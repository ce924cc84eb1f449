import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { MAIN, runCli } from "../support/cli.ts";
import { type Environment, environment } from "../support/environment.ts";
import { startProcess } from "../support/process.ts";
import { missing, requireTool } from "../support/tools.ts";

const NOBODY = 65534;
const ROOTS = ".roots.pem";

/** The words for a run as another user, who cannot read the roots where they are. */
function wordsFor({ program, pebble, recorder }: Environment): string[] {
  const roots = join(program.dir, ROOTS);
  copyFileSync(pebble.caFile, roots);
  return [
    ...["--server", recorder.directoryUrl, "--ca_bundle", roots],
    ...["--certs-dir", program.dir, "--listen", `127.0.0.1:${pebble.httpPort}`],
    ...["-d", "a.test"],
  ];
}

/** The owners of the files of a set in a folder. */
const ownersIn = (dir: string) =>
  readdirSync(dir)
    .filter((file) => !file.startsWith("."))
    .map((file) => statSync(join(dir, file)))
    .map(({ uid, gid }) => `${uid}:${gid}`);

describe(
  "a run with --owner",
  {
    skip:
      missing("pebble", "setpriv") || (process.getuid?.() !== 0 && "only root can be another user"),
    concurrency: true,
  },
  () => {
    test("gives root's files away, with the account's, and finds nothing to do afterwards", async () => {
      await using env = await environment();
      const { program } = env;
      const owner = ["--owner", "1234:4321"];
      const first = await program.issue(["a.test"], ...owner);
      assert.equal(first.code, 0, first.stderr);
      assert.deepEqual(
        ownersIn(program.dir),
        Array.from({ length: 6 }, () => "1234:4321"),
      );
      const second = await program.issue(["a.test"], ...owner);
      assert.equal(second.code, 1, second.stderr);
    });

    test("as the user named works without any right; the group of an old file may be lost, with a warning", async () => {
      await using env = await environment();
      const { program } = env;
      chownSync(program.dir, NOBODY, NOBODY);
      const words = [...wordsFor(env), "--owner", String(NOBODY)];
      const { code, stderr } = await runCli(words, { uid: NOBODY });
      assert.equal(code, 0, stderr);
      for (const owner of ownersIn(program.dir)) assert.match(owner, new RegExp(`^${NOBODY}:`));

      chownSync(join(program.dir, "cert.pem"), 0, 4321);
      // Of no concern without a password for it.
      writeFileSync(join(program.dir, "cert.p12"), "", { mode: 0o600 });
      const again = await runCli([...words, "-v", "--force"], { uid: NOBODY });
      assert.equal(again.code, 0, again.stderr);
      rmSync(join(program.dir, "cert.p12"));
      const [first = "", ...others] = again.stderr.split(/(?=GET |POST )/);
      assert.doesNotMatch(first, /cert\.p12/);
      assert.match(first, /warn: This user cannot keep the owner or group of cert\.pem/);
      assert.doesNotMatch(others.join(), /another user|key\.pem belongs/);
      for (const owner of ownersIn(program.dir))
        assert.match(owner, new RegExp(`^${NOBODY}:(?!4321)`));
    });

    test("leaves the mode of another user's key, and says who can change it", async () => {
      await using env = await environment();
      const { program } = env;
      chownSync(program.dir, NOBODY, NOBODY);
      const words = wordsFor(env);
      const first = await runCli(words, { uid: NOBODY });
      assert.equal(first.code, 0, first.stderr);
      const key = join(program.dir, "account_key.json");
      chownSync(key, 0, 0);
      chmodSync(key, 0o644);
      const { code, stderr } = await runCli([...words, "--force"], {
        uid: NOBODY,
      });
      assert.equal(code, 0, stderr);
      assert.match(
        stderr,
        /account_key\.json should have mode 0600, but another user owns it\. Run chmod 0600/,
      );
      assert.equal(statSync(key).mode & 0o777, 0o644);
    });

    test("as a user who may not do that is refused before anything is asked, and leaves no file of the set", async () => {
      await using env = await environment();
      const { program, recorder } = env;
      chownSync(program.dir, NOBODY, NOBODY);
      for (const owner of ["1234", `${NOBODY}:4321`]) {
        const words = [...wordsFor(env), "--owner", owner];
        const { code, stderr } = await runCli(words, { uid: NOBODY });
        assert.equal(code, 2, stderr);
        assert.match(
          stderr,
          new RegExp(`--owner ${owner}: new files in .* cannot be given to that owner.*root`),
        );
      }
      assert.equal(recorder.count(), 0);
      const left = readdirSync(program.dir).sort();
      assert.deepEqual(left, [".acme-sidecar.json", ".acme-sidecar.lock", ROOTS]);
    });

    for (const capability of ["chown", "fowner"])
      test(`as root without the capability ${capability} is refused before anything is asked`, async () => {
        await using env = await environment();
        const { recorder } = env;
        await using child = await startProcess(requireTool("setpriv"), [
          ...["--bounding-set", `-${capability}`, process.execPath, MAIN],
          ...[...wordsFor(env), "--owner", "1234"],
        ]);
        const { code } = await child.exited;
        assert.equal(code, 2, child.output());
        assert.match(child.stderr(), /--owner.*CHOWN and FOWNER/);
        assert.equal(recorder.count(), 0);
      });
  },
);
