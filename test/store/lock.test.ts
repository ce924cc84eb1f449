import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { AppError } from "../../src/errors.ts";
import { lock } from "../../src/store/lock.ts";
import { tempDir } from "../support/temp.ts";

const FIXTURE = join(import.meta.dirname, "../fixtures/hold-lock.ts");
const silent = () => undefined;
const never = new AbortController().signal;

function holder(dir: string) {
  const child = spawn(process.execPath, [FIXTURE, dir], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return { child, line: async () => (await lines.next()).value };
}

test("a second run waits for the first, says so, and goes on when it ends", async () => {
  await using dir = tempDir();
  const first = holder(dir.path);
  assert.equal(await first.line(), "locked");
  const second = holder(dir.path);
  assert.equal(await second.line(), "waiting");
  first.child.stdin.end("go\n");
  assert.equal(await second.line(), "locked");
  second.child.stdin.end("go\n");
  await once(second.child, "exit");
});

test("a holder that is killed leaves no lock behind", async () => {
  await using dir = tempDir();
  const first = holder(dir.path);
  assert.equal(await first.line(), "locked");
  first.child.kill("SIGKILL");
  await once(first.child, "exit");
  const events: string[] = [];
  using _held = await lock(dir.path, never, ({ type }) => events.push(type));
  assert.deepEqual(events, []);
});

test("twenty at once take turns", async () => {
  await using dir = tempDir();
  let inside = 0;
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      using _held = await lock(dir.path, never, silent);
      inside += 1;
      assert.equal(inside, 1);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
    }),
  );
});

test("waiting ends when the run is interrupted", async () => {
  await using dir = tempDir();
  using _held = await lock(dir.path, never, silent);
  const interruption = new AbortController();
  const waiting = lock(dir.path, interruption.signal, () => {
    interruption.abort(new AppError("interrupted", "Interrupted."));
  });
  await assert.rejects(waiting, { code: "interrupted" });
});

test("a folder that is not there cannot be locked, and the message names it", async () => {
  await using dir = tempDir();
  await assert.rejects(lock(join(dir.path, "none"), never, silent), {
    code: "store-unwritable",
    message: /none/,
  });
});

test(
  "a lock that this user may not write is refused, since it would lock nobody out",
  {
    skip: process.getuid?.() !== 0 && "only root can become another user",
  },
  async () => {
    await using dir = tempDir();
    chmodSync(dir.path, 0o777);
    writeFileSync(join(dir.path, ".acme-sidecar.lock"), "", { mode: 0o644 });
    const child = spawn(process.execPath, [FIXTURE, dir.path], { uid: 65534 });
    const [stderr] = await Promise.all([
      text(child.stderr),
      once(child, "exit"),
    ]);
    assert.match(stderr, /acme-sidecar\.lock cannot be locked/);
  },
);
