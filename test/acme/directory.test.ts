import assert from "node:assert/strict";
import { chownSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { STATE_FILE } from "../../src/store/state.ts";
import { environment, type Environment } from "../support/environment.ts";
import type { Kind } from "../support/recorder.ts";
import { missing, skipUnlessCI } from "../support/tools.ts";

interface Remembered {
  from: string;
  at: string;
  resources: Record<string, unknown>;
}

interface Saved {
  origin: { lookAgain?: string };
  directory?: Remembered;
}

function saved({ program: { dir } }: Environment): Saved {
  return JSON.parse(readFileSync(join(dir, STATE_FILE), "utf8")) as Saved;
}

function remembered(env: Environment): Remembered {
  const { directory } = saved(env);
  assert.ok(directory);
  return directory;
}

/** Changes what is remembered of the directory; the next run asks about the certificate as well. */
function edit(env: Environment, change: (directory: Remembered) => void): void {
  const state = saved(env);
  assert.ok(state.directory);
  change(state.directory);
  delete state.origin.lookAgain;
  writeFileSync(join(env.program.dir, STATE_FILE), JSON.stringify(state));
}

/** An environment with a certificate, and the requests after that. */
async function issued() {
  await using stack = new AsyncDisposableStack();
  const env = stack.use(await environment());
  const { code, stderr } = await env.program.issue(["a.test"]);
  assert.equal(code, 0, stderr);
  const before = env.recorder.count();
  const all = stack.move();
  return {
    env,
    kinds: () => env.recorder.requests.slice(before).map(({ kind }) => kind),
    count: (kind: Kind) =>
      env.recorder.requests.slice(before).filter((each) => each.kind === kind).length,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

const DAY = 24 * 60 * 60 * 1000;
const daysAgo = (days: number) => new Date(Date.now() - days * DAY).toISOString();

describe("a CA's directory that is remembered", { skip: missing("pebble"), concurrency: 4 }, () => {
  test("is not asked for again, neither for a certificate nor for renewal information", async () => {
    await using s = await issued();
    edit(s.env, () => undefined);
    assert.equal((await s.env.program.issue(["a.test"])).code, 1);
    assert.deepEqual(s.kinds(), ["renewal-info"]);
    assert.equal((await s.env.program.issue(["a.test"], "--force")).code, 0);
    assert.equal(s.count("directory"), 0);
  });

  test("is asked for after a week, or if it is of the future, and used meanwhile", async () => {
    await using s = await issued();
    for (const [index, at] of [daysAgo(8), daysAgo(-1)].entries()) {
      edit(s.env, (directory) => (directory.at = at));
      assert.equal((await s.env.program.issue(["a.test"], "--force")).code, 0);
      assert.equal(s.count("directory"), index + 1);
      assert.ok(remembered(s.env).at > daysAgo(0.1) && remembered(s.env).at < daysAgo(-0.1));
    }
    edit(s.env, (directory) => (directory.at = daysAgo(6)));
    assert.equal((await s.env.program.issue(["a.test"], "--force")).code, 0);
    assert.equal(s.count("directory"), 2);
  });

  for (const [resource, path] of [
    ["newOrder", "/moved"],
    ["newNonce", "/moved"],
    ["newNonce", "https://localhost:1/nonce"],
  ] as const)
    test(`is asked for again if the CA has moved: ${resource} to ${path}`, async () => {
      await using s = await issued();
      const { resources } = remembered(s.env);
      edit(s.env, (directory) => {
        directory.resources[resource] = new URL(path, directory.from).href;
      });
      const { code, stderr } = await s.env.program.issue(["b.test"]);
      assert.equal(code, 0, stderr);
      assert.equal(s.count("directory"), 1);
      assert.deepEqual(remembered(s.env).resources, resources);
    });

  test("is asked for again if the CA has no answer about a certificate", async () => {
    await using s = await issued();
    const { resources } = remembered(s.env);
    for (const moved of ["/moved", "https://localhost:1/moved", undefined]) {
      const before = s.kinds().length;
      edit(s.env, (directory) => {
        if (moved === undefined) delete directory.resources["renewalInfo"];
        else directory.resources["renewalInfo"] = new URL(moved, directory.from).href;
      });
      const { code, stderr } = await s.env.program.issue(["a.test"]);
      assert.equal(code, 1, stderr);
      assert.deepEqual(s.kinds().slice(before).slice(-2), ["directory", "renewal-info"]);
      assert.deepEqual(remembered(s.env).resources, resources);
    }
  });

  test("does not hide why a run failed", async () => {
    await using s = await issued();
    s.env.recorder.inject({ kind: "new-order", answer: { status: 403, body: "no" } });
    const { code, stderr } = await s.env.program.issue(["b.test"]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /403/);
    assert.equal(s.count("directory"), 1);
    assert.equal(s.count("new-order"), 1, "the directory is the same, so it is not tried again");
  });

  const evil = "https://localhost:1/evil";
  const spoil = (directory: Remembered) => {
    for (const name of Object.keys(directory.resources)) directory.resources[name] = evil;
  };

  test(
    "is not used if another user has written it",
    { skip: process.getuid?.() !== 0 && skipUnlessCI("not root") },
    async () => {
      await using s = await issued();
      edit(s.env, spoil);
      chownSync(join(s.env.program.dir, STATE_FILE), 65534, 65534);
      const { code, stderr } = await s.env.program.issue(["b.test"]);
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /localhost:1\b/);
      assert.equal(s.count("directory"), 1);
    },
  );

  test("is not used if it is another CA's", async () => {
    await using s = await issued();
    edit(s.env, (directory) => {
      directory.from = "https://other.test/dir";
      spoil(directory);
    });
    const { code, stderr } = await s.env.program.issue(["b.test"]);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /localhost:1\b/);
  });

  test("is forgotten if it is long", async () => {
    await using s = await issued();
    s.env.recorder.inject({
      kind: "directory",
      alter: ({ body }) => ({
        body: JSON.stringify({ ...(JSON.parse(body) as object), more: "x".repeat(10_000) }),
      }),
    });
    edit(s.env, (directory) => (directory.at = daysAgo(8)));
    assert.equal((await s.env.program.issue(["b.test"])).code, 0);
    assert.equal(saved(s.env).directory, undefined);
  });
});
