import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { tempDir } from "../support/temp.ts";
import { findTool, requireTool, skipUnlessCI } from "../support/tools.ts";

const ROOT = resolve(import.meta.dirname, "../..");
/** What a machine does not have on which nobody has used containers. */
const ABSENT =
  /^(apt-get|docker.*|nginx|containerd.*|runc|lego|certbot|caddy|knotd|wrk|bats|gcc|go)$/;

const isProgram = (file: string) => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** A folder with all the programs of this machine but those. */
function programs(dir: string): string {
  mkdirSync(dir);
  const places = (process.env["PATH"] ?? "").split(delimiter);
  for (const place of [...places, "/usr/bin", "/bin"]) {
    if (!existsSync(place) || place.includes("node_modules")) continue;
    for (const name of readdirSync(place)) {
      const link = join(dir, name);
      if (ABSENT.test(name) || existsSync(link)) continue;
      if (isProgram(join(place, name))) symlinkSync(join(place, name), link);
    }
  }
  return dir;
}

/** In the place of apt-get: notes its words, and puts what is asked for where PATH finds it. */
const APT_GET = (log: string, dir: string) => `#!/bin/bash
echo "$*" >>'${log}'
for word; do
    case $word in
    docker.io | docker-cli) ln -sf '${requireTool("docker")}' '${dir}/docker' ;;
    docker-compose) [ ! -e /usr/bin/docker-compose ] || ln -sf /usr/bin/docker-compose '${dir}/docker-compose' ;;
    esac
done
`;

const env = (dir: string) => ({
  PATH: dir,
  HOME: process.env["HOME"] ?? "/root",
});

describe("scripts/demo", () => {
  test(
    "installs Docker and compose where they are missing, nothing that only tests need, and ends with the page",
    {
      skip:
        process.getuid?.() === 0 && findTool("docker") !== undefined
          ? false
          : skipUnlessCI("only root can install Docker"),
      timeout: 600_000,
    },
    async () => {
      await using temp = tempDir();
      const log = join(temp.path, "log");
      const dir = programs(join(temp.path, "bin"));
      writeFileSync(join(dir, "apt-get"), APT_GET(log, dir));
      chmodSync(join(dir, "apt-get"), 0o755);
      const { stdout } = await promisify(execFile)("scripts/demo", [], {
        cwd: ROOT,
        env: env(dir),
      });
      assert.match(stdout, /^setup: installing docker\.io docker-compose/m);
      assert.match(stdout, /example\.test over https/);
      assert.match(stdout, /^demo: done/m);
      const installed = readFileSync(log, "utf8")
        .split("\n")
        .filter((line) => line.startsWith("install"))
        .flatMap((line) => line.split(" ").slice(1))
        .filter((word) => !word.startsWith("-"));
      assert.deepEqual(
        installed.filter((name) => !/^(docker|mmdebstrap|debian-archive)/.test(name)),
        [],
      );
    },
  );

  test("says in one sentence what to install where it cannot do so itself", async () => {
    await using temp = tempDir();
    const dir = programs(join(temp.path, "bin"));
    const { status, stdout, stderr } = spawnSync("scripts/demo", [], {
      cwd: ROOT,
      env: env(dir),
      encoding: "utf8",
    });
    assert.equal(status, 1);
    assert.equal(stdout, "");
    assert.match(
      stderr,
      /^setup: missing: docker\.io docker-compose.*\nsetup: install these .*\n$/,
    );
  });
});
