import assert from "node:assert/strict";
import { chmod, chown, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { runCli } from "../support/cli.ts";
import { tempDir } from "../support/temp.ts";
import { filesIn, importFrom } from "./setting.ts";

const refused = async (message: RegExp, ...files: string[]): Promise<void> => {
  await using from = tempDir();
  await using into = tempDir();
  for (const file of files) {
    await mkdir(join(from.path, file, ".."), { recursive: true });
    await writeFile(join(from.path, file), "");
  }
  const { code, stderr } = await importFrom(from.path, into.path);
  assert.equal(code, 2, stderr);
  assert.match(stderr, message);
  assert.deepEqual(filesIn(into.path), []);
};

test("a folder of no known tool is refused, with what was looked for", async () => {
  const message = /nothing to import in .*live\/NAME\/cert\.pem.*certificates\/NAME\.crt/;
  await refused(message);
  await refused(message, "accounts/README", "live/README", "cert.pem");
});

test("a folder of simp_le needs no import, and the error says so", async () => {
  await refused(/needs no import\. .* mount it at \/certs/, "account_key.json");
  await refused(/needs no import/, "fullchain.pem", "key.pem");
});

test(
  "a folder that this user may not look into is named",
  { skip: process.getuid?.() !== 0 && "only root can be another user" },
  async () => {
    await using from = tempDir();
    await using into = tempDir();
    await chmod(from.path, 0o755);
    await mkdir(join(from.path, "accounts"), { mode: 0o700 });
    await chown(into.path, 1234, 1234);
    const words = ["account", "import", from.path, "--certs_dir", into.path];
    const { code, stderr } = await runCli(words, { uid: 1234 });
    assert.equal(code, 2);
    assert.match(
      stderr,
      /accounts cannot be read: this user has no right to it\. Nothing was written/,
    );
    assert.deepEqual(filesIn(into.path), []);
  },
);

test("a folder that is not there is named", async () => {
  await using into = tempDir();
  const from = join(into.path, "absent");
  const { code, stderr } = await importFrom(from, into.path);
  assert.equal(code, 2);
  assert.match(stderr, /absent cannot be read: it does not exist/);
});
