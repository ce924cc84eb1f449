import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import manifest from "../../package.json" with { type: "json" };
import { BUNDLED } from "../support/bundled.ts";
import { docker, IMAGE, missingImage, runContainer } from "../support/docker.ts";

const skip = missingImage();
const OFFLINE = ["--network", "none"];
const image = (...words: string[]) => runContainer(OFFLINE, words);

describe("the image's entrypoint", { skip, concurrency: 2 }, () => {
  for (const words of [[], ["issue"]])
    test(`\`${words.join(" ")}\` runs the program, which asks for a name and exits 2`, async () => {
      const { code, stdout, stderr } = await image(...words);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, /error: There is no name to get a certificate for/);
    });

  test("bare flags are for the program: --help and --version go to stdout with 0", async () => {
    const help = await image("--help");
    assert.deepEqual([help.code, help.stderr], [0, ""]);
    assert.match(help.stdout, /^Usage: acme-sidecar /);
    const version = await image("--version");
    assert.deepEqual(version, {
      code: 0,
      stdout: `acme-sidecar ${manifest.version}\n`,
      stderr: "",
    });
  });

  test("help and the manual page are those of the source, and completion scripts come out as they are", async () => {
    const man = await image("cat", "/usr/share/man/man1/acme-sidecar.1");
    assert.equal(man.stdout, readFileSync("docs/acme-sidecar.1", "utf8"));
    assert.match((await image("help", "batch")).stdout, /^Usage: acme-sidecar batch FILE /);
    const { code, stdout } = await image("completion", "bash");
    assert.equal(code, 0);
    assert.match(stdout, /\ncomplete -F _acme_sidecar acme-sidecar\n$/);
  });

  test("programs of the image run as themselves, with their words as they are and their exit code", async () => {
    assert.deepEqual(await image("sh", "-c", "echo hi; exit 7"), {
      code: 7,
      stdout: "hi\n",
      stderr: "",
    });
    assert.deepEqual(await image("ls", "/certs"), {
      code: 0,
      stdout: "",
      stderr: "",
    });
    const { stdout } = await image("acme-sidecar", "--version");
    assert.equal(stdout, `acme-sidecar ${manifest.version}\n`);
    const spaced = await image("echo", "two  words", "*", "$HOME");
    assert.equal(spaced.stdout, "two  words * $HOME\n");
  });

  for (const verb of ["status", "renew", "tar", "batch"])
    test(`${verb} is for the program`, async () => {
      const { code, stderr } = await image(verb, "--concurrency", "x");
      assert.equal(code, 2, stderr);
      const said = {
        status: /--concurrency does not work with status/,
        renew: /--concurrency x/,
        tar: /--concurrency does not work with tar/,
        batch: /There is no file of targets/,
      }[verb];
      assert.match(stderr, said ?? /never/);
    });

  const WATCH = join(import.meta.dirname, "../fixtures/scripts.ts");
  const CONFINED = ["--read-only", "--cap-drop", "ALL"];
  for (const { who, options } of [
    { who: "root", options: [] },
    { who: "a user that passwd has", options: ["--user", "1000"] },
    { who: "any other user", options: ["--user", "12345:12345"] },
    {
      who: "any other user on a read-only file system",
      options: ["--user", "12345:12345", ...CONFINED],
    },
  ])
    test(`${who} has the use of what was compiled when the image was built`, async () => {
      const { code, stderr } = await runContainer(
        [
          ...[...OFFLINE, ...options, "--tmpfs", "/certs:mode=1777"],
          ...["--volume", `${WATCH}:/watch.ts:ro`],
          ...["--env", "NODE_OPTIONS=--import=/watch.ts"],
        ],
        ["-d", "a.test", "--server", "https://127.0.0.1:9/"],
      );
      assert.equal(code, 2, stderr);
      assert.match(stderr, /could not be reached/);
      const run = stderr.split("\n").filter((line) => line.includes("/dist/"));
      assert.deepEqual(
        run.sort(),
        ["acme-client", "express", "main"].map(
          (name) => `/usr/lib/acme-sidecar/dist/${name}.js: taken`,
        ),
      );
    });

  test("no core file is made, in which every key would be", async () => {
    const { stdout } = await image("cat", "/proc/self/limits");
    assert.match(stdout, /^Max core file size +0 +0 /m);
  });

  test("it has its bill of materials, the Dokku plugin and the scripts for hosts", async () => {
    const home = "/usr/lib/acme-sidecar";
    for (const file of ["dist/sbom.cdx.json", "host/nginx-include"]) {
      const { code, stdout } = await image("cat", `${home}/${file}`);
      assert.equal(code, 0, file);
      assert.ok(stdout.length > 0, file);
    }
    const script = await image("plugin", "install");
    assert.match(script.stdout, /^#!.*bash/);
  });

  test("with the permissions of docs/image.md no folder but /certs can be used", async () => {
    const [, permissions = ""] =
      /-e NODE_OPTIONS='(.*?)'/.exec(readFileSync("docs/image.md", "utf8")) ?? [];
    const { code, stderr } = await runContainer(
      [...OFFLINE, "--tmpfs", "/tmp:mode=1777"].concat([...["-e", `NODE_OPTIONS=${permissions}`]]),
      ["-d", "a.test", "--certs_dir", "/tmp"],
    );
    assert.equal(code, 2, stderr);
    assert.match(stderr, /error: .*\/tmp .*restricted/);
  });

  for (const word of ["frobnicate", "isue", "no such thing"])
    test(`"${word}" is no command: the program says so and exits 2`, async () => {
      const { code, stdout, stderr } = await image(word, "-d", "a.test");
      assert.equal(code, 2, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, new RegExp(`error: "${word}" is not a command\\.`));
      assert.equal(stderr.trim().split("\n").length, 1, stderr);
    });
});

describe("the image's content", { skip }, () => {
  test("exposes port 80, works in the volume /certs, and has no user of its own", async () => {
    const text = await docker("image", "inspect", IMAGE);
    const [{ Config }] = JSON.parse(text) as [{ Config: Record<string, unknown> }];
    assert.deepEqual(Config["ExposedPorts"], { "80/tcp": {} });
    assert.equal(Config["WorkingDir"], "/certs");
    assert.deepEqual(Config["Volumes"], { "/certs": {} });
    assert.ok(["", "0", "root", undefined].includes(Config["User"] as string));
  });

  test("says what it is, and nothing that its builder did not know", async () => {
    const text = await docker("image", "inspect", IMAGE);
    const [{ Config }] = JSON.parse(text) as [{ Config: { Labels: Record<string, string> } }];
    const label = (name: string) => Config.Labels[`org.opencontainers.image.${name}`];
    assert.equal(label("title"), manifest.name);
    assert.equal(label("version"), manifest.version);
    assert.equal(label("licenses"), manifest.license);
    for (const name of ["revision", "created", "source", "documentation"])
      assert.equal(label(name), "", name);
  });

  test("holds a shell, the certificate authorities, the program and its licences; no npm, no compiler, no sources", async () => {
    const { code, stdout, stderr } = await image("find", "/", "-xdev");
    assert.equal(code, 0, stderr);
    const paths = stdout.trim().split("\n");
    for (const path of [
      "/bin/sh",
      "/etc/ssl/certs/ca-certificates.crt",
      "/usr/bin/node",
      "/usr/lib/acme-sidecar/dist/main.js",
      "/usr/lib/acme-sidecar/dist/LICENSES.txt",
    ])
      assert.ok(paths.includes(path), path);
    const unwanted =
      /\/(?:node_modules|npm|npx|corepack|yarn|apt|gcc|g\+\+|c\+\+|cc|clang|ld|as|make|tsc|esbuild|python\d*|perl)$|\.ts$|\.map$/;
    assert.deepEqual(
      paths.filter((path) => unwanted.test(path)),
      [],
    );

    const { stdout: bundle } = await image(
      ...["grep", "-c", "BEGIN CERTIFICATE"],
      "/etc/ssl/certs/ca-certificates.crt",
    );
    assert.ok(Number(bundle) > 100, `${bundle} certificate authorities`);
    const { stdout: licences } = await image(...["cat", "/usr/lib/acme-sidecar/dist/LICENSES.txt"]);
    for (const name of BUNDLED) assert.match(licences, new RegExp(`^${name} \\d.* \\(`, "m"));
  });
});
