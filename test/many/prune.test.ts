import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type CliResult, runCli } from "../support/cli.ts";
import { problem } from "../support/exchange.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { preload, preloadSkip } from "../support/preload.ts";
import { tempDir } from "../support/temp.ts";
import { missing } from "../support/tools.ts";
import { type Many, many } from "./setting.ts";

/** Runs `batch` with a file of that name, which has these targets now. */
function fileOf(env: Many, name: string) {
  const path = env.at(name);
  return {
    path,
    batch: (ids: Record<string, string>, ...words: string[]): Promise<CliResult> => {
      const targets = Object.entries(ids).map(([id, each]) => ({
        id,
        names: [each],
      }));
      writeFileSync(path, JSON.stringify({ targets }));
      return env.verb(["batch", path, ...words]);
    },
  };
}

/** The files that a web server reads, by path. */
function served(env: Many): Record<string, string> {
  const files = readdirSync(env.at(), { recursive: true }).map(String);
  return Object.fromEntries(
    files
      .filter((file) => file.endsWith(".pem"))
      .map((file) => [file, readFileSync(env.at(file), "utf8")]),
  );
}

const isRecorded = (env: Many, id: string) =>
  existsSync(env.at(id, ".acme-sidecar.json")) && env.state(id).target !== undefined;

interface Row {
  id: string;
  recorded: boolean;
  source?: { file: string; gone: boolean };
}

async function rows(env: Many): Promise<Record<string, Row>> {
  const { stdout } = await env.verb(["status", "--json"]);
  const all = JSON.parse(stdout) as Row[];
  return Object.fromEntries(all.map((row) => [row.id, row]));
}

describe(
  "a target that is taken out of the file",
  { skip: missing("pebble"), concurrency: 4 },
  () => {
    let pebble: Pebble;
    before(async () => {
      pebble = await startPebble();
    });
    after(() => pebble[Symbol.asyncDispose]());

    test("is told of and shown; with --prune it is forgotten, and its files stay", async () => {
      await using env = await many(pebble, 3);
      const [a = "", b = "", c = ""] = env.names;
      const { path, batch } = fileOf(env, "targets.yaml");
      assert.equal((await batch({ a, b, c })).code, 0);
      const files = served(env);

      const without = await batch({ a });
      assert.equal(without.code, 1, without.stderr);
      const told = `In ${env.at()}, renew still renews what is not in ${path} any more (2): b, c. To end that, run batch with --prune`;
      assert.ok(without.stderr.includes(told), without.stderr);
      const shown = await rows(env);
      assert.deepEqual(
        ["a", "b", "c"].map((id) => shown[id]?.source),
        [
          { file: path, gone: false },
          { file: path, gone: true },
          { file: path, gone: true },
        ],
      );
      const table = (await env.verb(["status"])).stdout;
      assert.equal(table.split(`; not in ${path} any more`).length, 3, table);
      assert.match((await env.verb(["renew"])).stderr, /3 targets: .* 3 kept/);

      // One that comes back is as it was.
      const back = await batch({ a, b });
      assert.match(back.stderr, /any more \(1\): c\./);
      assert.equal((await rows(env))["b"]?.source?.gone, false);

      const pruned = await batch({ a, b }, "--prune");
      assert.equal(pruned.code, 1, pruned.stderr);
      const forgot = `Forgot what is not in ${path} any more (1): c. renew no longer renews them; their keys and certificates stay in ${env.at()}`;
      assert.ok(pruned.stderr.includes(forgot), pruned.stderr);
      assert.deepEqual(served(env), files);
      assert.equal(isRecorded(env, "c"), false);
      // Which CA to ask when it is revoked or wanted again.
      assert.ok(env.state("c").origin !== undefined);
      assert.equal((await rows(env))["c"]?.recorded, false);
      assert.match((await env.verb(["renew"])).stderr, /2 targets: .* 2 kept/);
      assert.doesNotMatch((await batch({ a, b }, "--prune")).stderr, /any more/);

      const again = await batch({ a, b, c });
      assert.equal(again.code, 1, again.stderr);
      assert.equal(isRecorded(env, "c"), true);
    });

    test("is not one of another file, nor one that issue has got", async () => {
      await using env = await many(pebble, 4);
      const [a = "", b = "", c = "", d = ""] = env.names;
      const [one, two] = [fileOf(env, "one.yaml"), fileOf(env, "two.yaml")];
      const issue = (id: string, name: string) => {
        mkdirSync(env.at(id), { recursive: true });
        const accounts = ["--account_dir", env.at("accounts")];
        const words = ["--certs_dir", env.at(id), ...accounts, ...env.options];
        return runCli([...words, "-d", name]);
      };
      assert.equal((await one.batch({ a, b, c })).code, 0);
      assert.equal((await two.batch({ d })).code, 0);
      assert.equal((await issue("single", a)).code, 0);
      const all = ["a", "b", "c", "d", "single"];
      const recorded = () => all.filter((id) => isRecorded(env, id));

      await one.batch({ a, b, c }, "--prune");
      await two.batch({ d }, "--prune");
      assert.deepEqual(recorded(), all);
      // Another file has it now; one that fails there is wanted all the same.
      assert.equal((await two.batch({ d, b })).code, 1);
      const refused = env.recorder.inject({
        kind: "new-order",
        answer: problem("rejectedIdentifier", 403),
        withNonce: true,
      });
      assert.equal((await two.batch({ d, b, c: d })).code, 2);
      refused.remove();
      assert.equal((await issue("a", a)).code, 1);
      const other = await one.batch({ x: a }, "--prune");
      assert.equal(other.code, 0, other.stderr);
      assert.doesNotMatch(other.stderr, /any more/);
      assert.deepEqual(recorded(), all);

      const last = await two.batch({ d }, "--prune");
      assert.match(last.stderr, /any more \(1\): b\./);
      assert.deepEqual(recorded(), ["a", "c", "d", "single"]);
    });

    test("leaves nothing behind where it never had a certificate", async () => {
      await using env = await many(pebble, 2);
      const [a = "", b = ""] = env.names;
      const { batch } = fileOf(env, "targets.yaml");
      assert.equal((await batch({ a })).code, 0);
      const refused = env.recorder.inject({
        kind: "new-order",
        answer: problem("rejectedIdentifier", 403),
        withNonce: true,
      });
      assert.equal((await batch({ a, b })).code, 2);
      refused.remove();
      // Waiting is for what is wanted.
      assert.match((await batch({ a })).stderr, /any more \(1\): b\./);
      const waits = await env.verb(["renew"]);
      assert.match(waits.stderr, /b: .*To try now, add --retry/);
      assert.equal((await batch({ a }, "--prune")).code, 1);
      assert.deepEqual(Object.keys(await rows(env)), ["a"]);
      assert.equal((await env.verb(["renew"])).code, 1);
    });

    test(
      "is left as it is where the disk fails while the folder is listed, and that is told",
      { skip: preloadSkip },
      async () => {
        await using env = await many(pebble, 2);
        await using temp = tempDir();
        const [a = "", b = ""] = env.names;
        const { path, batch } = fileOf(env, "targets.yaml");
        assert.equal((await batch({ a, b })).code, 0);
        const log = join(temp.path, "log");
        const review = (faults: Parameters<typeof preload>[0], ...words: string[]) => {
          writeFileSync(path, JSON.stringify({ targets: [{ id: "a", names: a }] }));
          const all = ["--certs_dir", env.at(), ...env.options, ...words];
          return runCli(["batch", path, ...all], { env: preload({ dir: env.at(), ...faults }) });
        };
        assert.equal((await review({ log })).code, 1);
        const steps = readFileSync(log, "utf8").trim().split("\n");
        const at = steps.findIndex((step) => step.endsWith(` scandir ${env.at()}`)) + 1;
        assert.ok(at > 0, steps.join("\n"));
        const { code, stderr } = await review({ at, what: "EIO" }, "--prune");
        assert.equal(code, 2, stderr);
        assert.match(stderr, /error: .*The folder \S+ cannot be read: the disk reports an error/);
        assert.equal(isRecorded(env, "b"), true);
      },
    );

    test(
      "is forgotten by the next run when one is killed in between, and a disk that refuses is told of",
      { skip: preloadSkip },
      async () => {
        await using env = await many(pebble, 3);
        await using temp = tempDir();
        const [a = "", b = "", c = ""] = env.names;
        const { path, batch } = fileOf(env, "targets.yaml");
        assert.equal((await batch({ a, b, c })).code, 0);
        const files = served(env);
        writeFileSync(path, JSON.stringify({ targets: [{ id: "a", names: a }] }));
        const prune = (faults: Record<string, string>) => {
          const words = ["--certs_dir", env.at(), ...env.options, "--prune"];
          return runCli(["batch", path, ...words], { env: faults });
        };
        const refuse = {
          dir: env.at("b"),
          ...({ only: "changes", what: "ENOSPC", at: 1, times: 99 } as const),
        };
        const full = await prune(preload(refuse));
        assert.equal(full.code, 2, full.stderr);
        assert.match(full.stderr, /1 kept, 1 failed \(b\)\. The next renewal is due on /);
        assert.match(full.stderr, /error: b: Cannot write to \S*b: the disk is full/);
        assert.deepEqual([isRecorded(env, "b"), isRecorded(env, "c")], [true, false]);

        assert.equal((await batch({ a, b, c })).code, 1);
        const log = join(temp.path, "log");
        await batch({ a });
        const start = readFileSync(env.at("b", ".acme-sidecar.json"));
        await prune(preload({ dir: env.at("b"), only: "changes", log }));
        const steps = readFileSync(log, "utf8").trim().split("\n").length;
        assert.ok(steps >= 3, String(steps));
        for (let at = 1; at <= steps; at += 1) {
          writeFileSync(env.at("b", ".acme-sidecar.json"), start);
          const point = { dir: env.at("b"), only: "changes", at } as const;
          await prune(preload({ ...point, what: "kill" }));
          const next = await prune({});
          assert.equal(next.code, 1, next.stderr);
          assert.equal(isRecorded(env, "b"), false);
          assert.deepEqual(served(env), files);
        }
      },
    );
  },
);
