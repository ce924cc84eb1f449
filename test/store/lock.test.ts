import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import {
  chmodSync,
  existsSync,
  lchownSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { AppError } from "../../src/errors.ts";
import { lock } from "../../src/store/lock.ts";
import { smallDiskSkip } from "../support/mounts.ts";
import { preload, preloadSkip } from "../support/preload.ts";
import { tempDir } from "../support/temp.ts";

const FIXTURE = join(import.meta.dirname, "../fixtures/hold-lock.ts");
const silent = () => undefined;
const never = new AbortController().signal;
const wait = { signal: never, emit: silent };

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
  using _held = await lock(dir.path, {
    signal: never,
    emit: ({ type }) => void events.push(type),
  });
  assert.deepEqual(events, []);
});

test("twenty at once take turns", async () => {
  await using dir = tempDir();
  let inside = 0;
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      using _held = await lock(dir.path, wait);
      inside += 1;
      assert.equal(inside, 1);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
    }),
  );
});

test("waiting ends when the run is interrupted", async () => {
  await using dir = tempDir();
  using _held = await lock(dir.path, wait);
  const interruption = new AbortController();
  const waiting = lock(dir.path, {
    signal: interruption.signal,
    emit: () => {
      interruption.abort(new AppError("interrupted", "Interrupted."));
    },
  });
  await assert.rejects(waiting, { code: "interrupted" });
});

test("a folder that is not there cannot be locked, and the message names it", async () => {
  await using dir = tempDir();
  await assert.rejects(lock(join(dir.path, "none"), wait), {
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
    const [stderr] = await Promise.all([text(child.stderr), once(child, "exit")]);
    assert.match(stderr, /acme-sidecar\.lock cannot be locked/);
  },
);

test("waiting ends after a while, and the error names the holder", async () => {
  await using dir = tempDir();
  const other = holder(dir.path);
  assert.equal(await other.line(), "locked");
  const { pid } = other.child;
  await assert.rejects(lock(dir.path, { ...wait, patience: 100 }), {
    code: "locked",
    message: new RegExp(
      `${dir.path}/\\.acme-sidecar\\.lock has been locked .* by process ${pid} \\(`,
    ),
  });
  other.child.stdin.end("go\n");
  await once(other.child, "exit");
});

test(
  "a holder that cannot be seen, as in another container, is called another run",
  { skip: smallDiskSkip },
  async () => {
    await using dir = tempDir();
    using _held = await lock(dir.path, wait);
    const script = `import("./src/store/lock.ts").then(({ lock }) =>
      lock(${JSON.stringify(dir.path)}, {
        signal: new AbortController().signal, emit: () => undefined, patience: 100,
      })).catch(({ message }) => console.log(message));`;
    const alone = ["--pid", "--fork", "--mount-proc", process.execPath, "-e", script];
    const { stdout } = spawnSync("unshare", alone, { encoding: "utf8" });
    assert.match(
      stdout,
      /acme-sidecar\.lock has been locked .* by another run, or by another program/,
    );
  },
);

const rootOnly = {
  skip: process.getuid?.() !== 0 && "only root can become another user",
};

test("a lock is for its owner alone, also one that an older version made", rootOnly, async () => {
  await using dir = tempDir();
  const file = join(dir.path, ".acme-sidecar.lock");
  writeFileSync(file, "", { mode: 0o644 });
  {
    using _held = await lock(dir.path, wait);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  }
  rmSync(file);
  using _held = await lock(dir.path, wait);
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test("a folder behind a link of another user is refused as that", rootOnly, async () => {
  await using dir = tempDir();
  const way = join(dir.path, "way");
  symlinkSync(dir.path, way);
  lchownSync(way, 1234, 1234);
  await assert.rejects(lock(way, wait), { code: "unsafe-folder", message: /way .*1234/ });
});

test("a lock in which something has been written is refused by name", async () => {
  await using dir = tempDir();
  writeFileSync(join(dir.path, ".acme-sidecar.lock"), "x".repeat(4096));
  await assert.rejects(lock(dir.path, wait), {
    code: "store-unwritable",
    message: /acme-sidecar\.lock cannot be locked: file is not a database/,
  });
});

test("a link in the place of a lock is not followed", async () => {
  await using dir = tempDir();
  const victim = join(dir.path, "victim");
  symlinkSync(victim, join(dir.path, ".acme-sidecar.lock"));
  await assert.rejects(lock(dir.path, wait), {
    code: "store-unwritable",
    message: /acme-sidecar\.lock cannot be locked/,
  });
  assert.ok(!existsSync(victim));
});

test("changing the mode of a lock does not end it", rootOnly, async () => {
  await using dir = tempDir();
  using _held = await lock(dir.path, wait);
  chmodSync(join(dir.path, ".acme-sidecar.lock"), 0o644);
  await assert.rejects(lock(dir.path, { ...wait, patience: 60 }), {
    code: "locked",
  });
  const other = holder(dir.path);
  assert.equal(await other.line(), "waiting");
  other.child.kill("SIGKILL");
  await once(other.child, "exit");
});

test("a file system without locks is told as that", { skip: preloadSkip }, async () => {
  await using dir = tempDir();
  const child = spawn(process.execPath, [FIXTURE, dir.path], {
    env: { ...process.env, ...preload({ locks: "EOPNOTSUPP" }) },
  });
  const [stderr] = await Promise.all([text(child.stderr), once(child, "exit")]);
  assert.match(stderr, /cannot be locked: its file system has no locks/);
});
