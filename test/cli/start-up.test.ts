import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import manifest from "../../package.json" with { type: "json" };
import { makeBundle } from "../support/certificates.ts";
import { inherited, runCli, SOURCE } from "../support/cli.ts";
import { tempDir } from "../support/temp.ts";
import { eventually } from "../support/wait.ts";
import { certsDir, rsaAccount, simpLeFiles } from "../support/simp_le.ts";

const WATCH = join(import.meta.dirname, "../fixtures/loaded.ts");
/** What it takes to talk to a CA and to answer it, what draws at a terminal, and what is long to load. */
const HEAVY = [
  "leven",
  "acme-client",
  "axios",
  "dns-packet",
  "express",
  "pkijs",
  "yaml",
  "tar-stream",
  "log-update",
];
/** What is only for people who read or mistype. */
const HELP = ["help.ts", "verb-help.ts", "suggest.ts", "completion.ts"];
const files = simpLeFiles(makeBundle(), rsaAccount());

/** Runs the program in a folder with a valid set; resolves to its exit code and what it loaded of the heavy packages. */
async function load(...words: string[]) {
  await using certs = certsDir(files);
  const list = join(certs.path, "loaded.txt");
  const env = {
    LOADED: list,
    NODE_OPTIONS: `--import=${pathToFileURL(WATCH).href}`,
  };
  const { code, stderr } = await runCli(words, {
    ...{ cwd: certs.path, env, main: SOURCE },
  });
  const urls = readFileSync(list, "utf8");
  assert.match(urls, /\/src\/cli\/parse\.ts$/m);
  const isLoaded = (name: string) => urls.includes(`/node_modules/${name}/`);
  const help = HELP.filter((name) => urls.includes(`/${name}\n`));
  return { code, stderr, heavy: HEAVY.filter(isLoaded), help, schemas: isLoaded("zod") };
}

test("a Node.js that is too old is told, with the one that is needed", async () => {
  const versions = JSON.stringify({ ...process.versions, node: "22.20.0" });
  const older = `Object.defineProperty(process, "versions", { value: ${versions} })`;
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(older)}` };
  const { code, stdout, stderr } = await runCli(["--version"], { env });
  assert.deepEqual([code, stdout], [2, ""]);
  const { engines } = manifest;
  const least = /\d+/.exec(engines.node)?.[0] ?? "";
  assert.equal(stderr, `acme-sidecar needs Node.js ${least} or newer; this is 22.20.0.\n`);
});

test("a signal ends a run that waits for its input", async () => {
  await using dir = tempDir();
  const list = join(dir.path, "loaded.txt");
  const child = spawn(process.execPath, [SOURCE, "batch", "-"], {
    cwd: dir.path,
    env: {
      ...inherited(),
      LOADED: list,
      NODE_OPTIONS: `--import=${pathToFileURL(WATCH).href}`,
    },
  });
  await eventually(
    "the file of targets to be read",
    () => existsSync(list) && readFileSync(list, "utf8").includes("/src/commands/batch.ts"),
  );
  child.kill("SIGTERM");
  const [code] = (await once(child, "exit")) as [number | null];
  assert.equal(code, 143);
});

describe("what a run loads", { concurrency: 2 }, () => {
  const LIGHT: [what: string, words: string[], code: number][] = [
    ["a run with nothing due", ["-d", "a.test", "--valid_min", "0"], 1],
    ["help", ["--help"], 0],
    ["nginx", ["nginx"], 0],
    ["status", ["status"], 0],
    ["renew of nothing", ["renew"], 2],
    ["account import", ["account", "import", "no-such-folder"], 2],
    ["completion", ["completion", "bash"], 0],
  ];
  for (const [what, words, expected] of LIGHT)
    test(`${what} loads nothing that talks to a CA, and no web server`, async () => {
      const { code, stderr, heavy } = await load(...words);
      assert.equal(code, expected, stderr);
      assert.deepEqual(heavy, []);
    });

  test("a run with nothing due loads no schemas, which only those need that read what others recorded", async () => {
    const { code, stderr, schemas } = await load("-d", "a.test", "--valid_min", "0");
    assert.equal(code, 1, stderr);
    assert.equal(schemas, false);
    assert.equal((await load("status")).schemas, true);
  });

  test("a run with nothing due loads no help, and a mistake what suggests another word", async () => {
    const run = await load("-d", "a.test", "--valid_min", "0");
    assert.equal(run.code, 1, run.stderr);
    assert.deepEqual(run.help, []);
    assert.deepEqual((await load("--help")).help, ["help.ts", "verb-help.ts"]);
    const { code, heavy, help } = await load("-d", "a_b.test");
    assert.equal(code, 2);
    assert.deepEqual([heavy, help], [["leven"], ["suggest.ts"]]);
  });

  test("a web server is loaded when the program answers the CA by itself", async () => {
    const words = ["--force", "--listen", "192.0.2.1:80"];
    const { code, stderr, heavy } = await load("-d", "a.test", ...words);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /192\.0\.2\.1/);
    assert.ok(heavy.includes("express"));
  });
});
