import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
  readFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { openWebroot } from "../../src/challenge/webroot.ts";
import { startNginx } from "../support/nginx.ts";
import { freePort } from "../support/ports.ts";
import { request } from "../support/request.ts";
import { tempDir } from "../support/temp.ts";
import { missing } from "../support/tools.ts";
import { answer, name, testHttpResponder } from "./responder.contract.ts";

const never = new AbortController().signal;
const one = answer("a.test");
const roots = (path: string) =>
  new Map([
    [name("a.test"), path],
    [name("b.test"), path],
  ]);
const FOLDER = ".well-known/acme-challenge";

if (missing("nginx") === false)
  testHttpResponder("webroot, served by nginx", async () => {
    const stack = new AsyncDisposableStack();
    const root = stack.use(tempDir());
    chmodSync(root.path, 0o755);
    const port = await freePort();
    stack.use(
      await startNginx(`server { listen 127.0.0.1:${port}; root ${root.path}; }`, {
        user: "www-data",
      }),
    );
    return {
      responder: openWebroot(roots(root.path)),
      async ask(path) {
        const { status, body } = await request(`http://127.0.0.1:${port}${path}`);
        return { status, body };
      },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  });

describe("the webroot responder", () => {
  test("makes files that everybody may read, whatever the umask, and removes all it made", async () => {
    await using root = tempDir();
    const old = process.umask(0o077);
    try {
      const publication = await openWebroot(roots(root.path)).publish([one], never);
      assert.equal(statSync(join(root.path, FOLDER, one.token)).mode & 0o777, 0o644);
      assert.equal(statSync(join(root.path, FOLDER)).mode & 0o777, 0o755);
      await publication[Symbol.asyncDispose]();
    } finally {
      process.umask(old);
    }
    assert.deepEqual(readdirSync(root.path), []);
  });

  test("removes no folder that was there before, and none that is used", async () => {
    await using root = tempDir();
    mkdirSync(join(root.path, ".well-known"));
    const publication = await openWebroot(roots(root.path)).publish([one], never);
    writeFileSync(join(root.path, FOLDER, "somebody-else"), "");
    await publication[Symbol.asyncDispose]();
    assert.deepEqual(readdirSync(join(root.path, FOLDER)), ["somebody-else"]);
    assert.deepEqual(readdirSync(join(root.path)), [".well-known"]);
  });

  test("keeps the mode of a folder that was there", async () => {
    await using root = tempDir();
    mkdirSync(join(root.path, ".well-known"), { mode: 0o711 });
    await using _publication = await openWebroot(roots(root.path)).publish([one], never);
    assert.equal(statSync(join(root.path, ".well-known")).mode & 0o777, 0o711);
  });

  test("does not write through a link in the token's place", async () => {
    await using root = tempDir();
    mkdirSync(join(root.path, FOLDER), { recursive: true });
    const victim = join(root.path, "victim");
    writeFileSync(victim, "precious");
    symlinkSync(victim, join(root.path, FOLDER, one.token));
    await using _publication = await openWebroot(roots(root.path)).publish([one], never);
    assert.equal(readFileSync(victim, "utf8"), "precious");
  });

  test("a root that cannot be written is named, with the name, and nothing is left", async () => {
    await using root = tempDir();
    writeFileSync(join(root.path, "file"), "");
    const mixed = new Map([
      [name("a.test"), root.path],
      [name("b.test"), join(root.path, "file")],
    ]);
    await assert.rejects(openWebroot(mixed).publish([one, answer("b.test")], never), {
      code: "webroot-unwritable",
      message: /b\.test.*file/,
    });
    assert.deepEqual(readdirSync(root.path), ["file"]);
  });

  test("two orders at once share the folders, and each removes its own files only", async () => {
    await using root = tempDir();
    const responder = openWebroot(roots(root.path));
    const two = answer("b.test");
    const [first, second] = await Promise.all([
      responder.publish([one], never),
      responder.publish([two], never),
    ]);
    const folder = join(root.path, FOLDER);
    assert.deepEqual(readdirSync(folder).sort(), [one.token, two.token].sort());
    await first[Symbol.asyncDispose]();
    assert.deepEqual(readdirSync(folder), [two.token]);
    await second[Symbol.asyncDispose]();
    const left = readdirSync(root.path, { recursive: true }).map(String);
    assert.ok(!left.some((file) => file.includes("token")), left.join());
  });
});
