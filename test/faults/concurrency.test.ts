import assert from "node:assert/strict";
import { cpSync, existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { inherited, MAIN, runCli, startCli } from "../support/cli.ts";
import type { Kind } from "../support/exchange.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { type Child, startProcess } from "../support/process.ts";
import { certsDir, type Site, site } from "../support/simp_le.ts";
import { tempDir } from "../support/temp.ts";
import { missing, requireTool } from "../support/tools.ts";
import { eventually } from "../support/wait.ts";
import { many } from "../many/setting.ts";
import { flawsOfRun } from "./judge.ts";
import { tell, times } from "./tally.ts";

const AT_ONCE = 20;
/** Where a run is killed: before it has placed its order, between any two steps, and as it saves. */
const MOMENTS: readonly Kind[] = [
  ...(["directory", "new-account", "new-order", "authorization"] as const),
  ...(["challenge", "finalize", "certificate", "renewal-info"] as const),
];

describe("many runs at once", { skip: missing("pebble") }, () => {
  let pebble: Pebble;
  before(async () => {
    pebble = await startPebble({ authzReuse: 0 });
  });
  after(() => pebble[Symbol.asyncDispose]());

  test("twenty runs on one set place one order, and all end well", async (t) => {
    const rounds = times(1, 5);
    const tally = { fault: "20 runs on one set", survived: 0, lost: 0 };
    for (let round = 0; round < rounds; round += 1) {
      await using env = await site(pebble);
      const results = await Promise.all(
        Array.from({ length: AT_ONCE }, () => env.run("-d", env.name)),
      );
      const codes = results.map(({ code }) => code).sort();
      const said = results.map(({ stderr }) => stderr).join("\n");
      assert.deepEqual(codes, [0, ...Array<number>(AT_ONCE - 1).fill(1)], said);
      assert.equal(env.recorder.count("new-order"), 1);
      assert.equal(env.recorder.count("new-account"), 1);
      tally.survived += AT_ONCE;
    }
    tell(t, { ...tally, tried: rounds * AT_ONCE });
  });

  test("twenty sets at once register one account, as processes and as a batch", async (t) => {
    const rounds = times(1, 5);
    const tally = { fault: "20 sets, one account", survived: 0, lost: 0 };
    for (let round = 0; round < rounds; round += 1) {
      await processes(pebble);
      await using env = await many(pebble, AT_ONCE);
      const { code, stderr } = await env.batch(env.names);
      assert.equal(code, 0, stderr);
      assert.equal(env.recorder.count("new-account"), 1);
      assert.equal(env.recorder.count("new-order"), AT_ONCE);
      tally.survived += 2 * AT_ONCE;
    }
    tell(t, { ...tally, tried: rounds * 2 * AT_ONCE });
  });

  test("the lock of a run that is dead blocks nobody, wherever it died", async (t) => {
    const rounds = times(1, 10);
    const tally = { fault: "Lock of a killed run", survived: 0, lost: 0 };
    for (let round = 0; round < rounds; round += 1)
      for (const kind of MOMENTS) {
        await using env = await site(pebble);
        await killedAt(kind, env);
        tally.survived += 1;
      }
    tell(t, { ...tally, tried: rounds * MOMENTS.length });
  });

  test(
    "a lock file that another container has left blocks nobody",
    { skip: missing("unshare") },
    async () => {
      await using env = await site(pebble);
      await using copy = certsDir();
      const held = env.recorder.inject({ kind: "new-order", hang: "before" });
      const child = await startProcess(
        requireTool("unshare"),
        ["--pid", "--fork", "--kill-child", process.execPath, MAIN].concat(wordsFor(env)),
        { cwd: env.certs.path, env: inherited() },
      );
      await eventually("the order", () => held.hits() > 0);
      assert.ok(existsSync(join(env.certs.path, LOCK)));
      // A volume may be copied while the lock is held: what is copied is no lock.
      cpSync(env.certs.path, copy.path, { recursive: true });
      held.remove();
      const elsewhere = { ...env, options: away(env) };
      assert.equal(await codeAt(copy.path, elsewhere), 2);
      child.kill("SIGKILL");
      await child.exited;
      assert.equal(await codeAt(env.certs.path, env), 0);
    },
  );
});

const LOCK = ".acme-sidecar.lock";
const wordsFor = ({ options, name }: Pick<Site, "options" | "name">) => [
  ...options,
  ...["-d", name],
];

/** What a run gets that answers elsewhere than the one that still listens; its names are not validated then. */
const away = ({ options }: Site) => [...options.slice(0, -2), "--stateless"];

/** How a run ends that must not wait for anybody. */
async function codeAt(cwd: string, env: Pick<Site, "options" | "name">): Promise<number | null> {
  const result = await runCli(wordsFor(env), { cwd });
  const flaws = flawsOfRun({ ...result, json: false, peak: 0 });
  assert.deepEqual(flaws, [], result.stderr);
  assert.doesNotMatch(result.stderr, /Another run is using/);
  return result.code;
}

/** Kills a run that holds the lock, with three others that wait for it, and then starts one more. */
async function killedAt(kind: Kind, env: Site): Promise<void> {
  const { certs, recorder } = env;
  const fault = recorder.inject({ kind, times: 1, hang: "before" });
  await using stack = new AsyncDisposableStack();
  const start = async (): Promise<Child> =>
    stack.use(await startCli(wordsFor(env), { cwd: certs.path }));
  const first = await start();
  await eventually(kind, () => fault.hits() > 0);
  const others = [await start(), await start(), await start()];
  for (const other of others) await other.until(/Another run is using/);
  first.kill("SIGKILL");
  assert.equal((await first.exited).signal, "SIGKILL");
  const ends = await Promise.all(others.map(({ exited }) => exited));
  const said = others.map((other) => other.stderr()).join("\n");
  assert.deepEqual(ends.map(({ code }) => code).sort(), [0, 1, 1], said);
  const again = await env.run("-d", env.name);
  assert.equal(again.code, 1, again.stderr);
  assert.doesNotMatch(again.stderr, /Another run is using/);
}

/** Twenty processes with a folder each and one for their account. */
async function processes(pebble: Pebble): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const env = stack.use(await site(pebble));
  const accounts = stack.use(tempDir());
  const results = await Promise.all(
    Array.from({ length: AT_ONCE }, async (_, index) => {
      const set = stack.use(certsDir());
      const host = env.host.replace(/\d+$/, String(index + 1));
      const name = `s${index}.${env.name}`;
      await pebble.dns.setA(name, [host]);
      const listen = ["--listen", `${host}:${pebble.httpPort}`];
      const options = [...env.options.slice(0, -2), ...listen];
      const shared = ["--account_dir", resolve(accounts.path, "all")];
      return set.run(...options, ...shared, "-d", name);
    }),
  );
  for (const { code, stderr } of results) assert.equal(code, 0, stderr);
  assert.equal(env.recorder.count("new-account"), 1);
  assert.equal(env.recorder.count("new-order"), AT_ONCE);
}
