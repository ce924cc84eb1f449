import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, test } from "node:test";
import { BUNDLED } from "../support/bundled.ts";
import { tempDir } from "../support/temp.ts";

interface Manifest {
  version: string;
  bin: Record<string, string>;
}

const root = resolve(import.meta.dirname, "../..");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
const program = join(root, manifest.bin["acme-sidecar"] ?? "");

/** Runs what `npm run build` made, as its shebang says. */
function run(args: string[], cwd: string) {
  const env = {
    PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
  };
  return new Promise<{ code: number; stdout: string; stderr: string }>((done) => {
    const child = execFile(program, args, { cwd, env }, (_error, stdout, stderr) => {
      done({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

describe("the built program", () => {
  test("--version and --help go to stdout and exit with 0", async () => {
    await using dir = tempDir();
    const version = await run(["--version"], dir.path);
    assert.deepEqual(version, {
      code: 0,
      stdout: `acme-sidecar ${manifest.version}\n`,
      stderr: "",
    });
    const help = await run(["--help"], dir.path);
    assert.equal(help.code, 0);
    assert.match(help.stdout, /^Usage: acme-sidecar/);
  });

  test("bad input: one line on stderr, exit 2, and nothing written", async () => {
    await using dir = tempDir();
    for (const args of [
      [],
      ["-d", "a_b.test"],
      ["-d", "*.a.test"],
      ["-d", "a.test", "--no-such-option"],
      ["-d", "a.test", "--server", "nowhere"],
      ["-d", "a.test", "--ca_bundle", "none.pem"],
      ["-d", "a.test", "-f", "key.pem"],
    ]) {
      const { code, stdout, stderr } = await run(args, dir.path);
      assert.equal(code, 2, args.join(" "));
      assert.equal(stdout, "");
      assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
    }
    assert.deepEqual(readdirSync(dir.path), []);
  });

  test("its bill of materials has what is in it, and docs/image.md says how much that is", () => {
    const { bomFormat, components } = JSON.parse(
      readFileSync(join(dirname(program), "sbom.cdx.json"), "utf8"),
    ) as {
      bomFormat: string;
      components: { name: string; purl: string; hashes: object[] }[];
    };
    assert.equal(bomFormat, "CycloneDX");
    const names = components.map(({ name }) => name);
    for (const name of BUNDLED) assert.ok(names.includes(name), name);
    assert.ok(!names.includes("typescript"));
    for (const { name, purl, hashes } of components) {
      assert.match(purl, /^pkg:npm\//, name);
      assert.ok(hashes.length > 0, name);
    }
    const said = /contains (\d+) npm\s+packages/.exec(
      readFileSync(join(root, "docs/image.md"), "utf8"),
    );
    assert.equal(said?.[1], String(components.length));
  });

  test("it carries the licence of every runtime package", () => {
    const licences = readFileSync(join(dirname(program), "LICENSES.txt"), "utf8");
    for (const name of BUNDLED) assert.match(licences, new RegExp(`^${name} \\d`, "m"));
  });
});
