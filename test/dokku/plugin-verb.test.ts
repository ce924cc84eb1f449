import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import manifest from "../../package.json" with { type: "json" };
import { MAIN, runCli } from "../support/cli.ts";
import { tempDir } from "../support/temp.ts";

/** Unpacks what a command writes. */
function unpacked(command: string) {
  const dir = tempDir();
  execFileSync("bash", ["-o", "pipefail", "-c", `${command} | tar -x -C "$0"`, dir.path]);
  return {
    at: (file: string) => join(dir.path, file),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

test("the plugin comes as a tar whose root is the plugin's, for an image", async () => {
  await using plugin = unpacked(
    `'${process.execPath}' '${MAIN}' plugin registry.test/acme-sidecar:1`,
  );
  const read = (file: string) => readFileSync(plugin.at(file), "utf8");
  const mode = (file: string) => statSync(plugin.at(file)).mode & 0o777;
  assert.equal(read("image"), "registry.test/acme-sidecar:1\n");
  assert.match(read("plugin.toml"), /^\[plugin\.config\]$/m);
  assert.match(read("nginx-include"), /acme-challenge/);
  for (const file of ["commands", "install", "update", "subcommands/enable"])
    assert.equal(mode(file) & 0o111, 0o111, file);
  assert.equal(mode("plugin.toml") & 0o111, 0);
});

test("the plugin has the version of the program", () => {
  const toml = readFileSync("plugin/plugin.toml", "utf8");
  assert.ok(toml.includes(`version = "${manifest.version}"`));
});

test("the script that installs it comes as it is", async () => {
  const { code, stdout } = await runCli(["plugin", "install"]);
  assert.equal(code, 0);
  assert.equal(stdout, readFileSync("host/install-plugin", "utf8"));
});
