import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { type Many, many } from "../many/setting.ts";
import { inherited, MAIN, runCli } from "../support/cli.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { startProcess } from "../support/process.ts";
import { type ScreenOptions, startOnScreen } from "../support/screen.ts";
import { missing } from "../support/tools.ts";
import { asVariables } from "../support/variables.ts";

const DRAWN = /[█░]|Done: |Names: /;
/** What moves a cursor or erases. Colours do not. */
const MOVES = /\u001b\[[\d;?]*[A-Za-ln-z]|\u001b[^[]|\r(?!\n)/;

describe("how far a run is", { skip: missing("pebble", "tmux"), concurrency: 3 }, () => {
  let pebble: Pebble;
  before(async () => {
    pebble = await startPebble({ blocklist: ["blocked.test"] });
  });
  after(() => pebble[Symbol.asyncDispose]());

  /** Holds back all certificates but so many, until it is called. */
  function holdBack({ recorder }: Many, free: number): () => void {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    let count = 0;
    recorder.inject({
      kind: "finalize",
      async alter(answer) {
        const isRefused = answer.status >= 400;
        if (!isRefused && ++count > free) await promise;
        return answer;
      },
    });
    return () => {
      resolve(undefined);
    };
  }

  /** A run of `batch` for all names, and one that fails. */
  function batchOf(env: Many) {
    const file = env.at("targets.json");
    const targets = [...env.names, "x.blocked.test"].map((name) => ({ names: [name] }));
    writeFileSync(file, JSON.stringify({ targets }));
    const variables = asVariables(["--certs_dir", env.certs.path, ...env.options]);
    return {
      words: ["batch", file, "--concurrency", "3"],
      variables,
      onScreen: (options: ScreenOptions = {}) =>
        startOnScreen(["batch", file, "--concurrency", "3"], {
          ...options,
          env: { ...variables, ...options.env },
        }),
    };
  }

  for (const columns of [20, 80, 200])
    test(`is drawn below the messages and erased at the end, ${columns} columns wide`, async () => {
      await using env = await many(pebble, 8);
      const release = holdBack(env, 2);
      await using screen = await batchOf(env).onScreen({ columns, rows: 200 });
      const during = await screen.until(/Done: 2 of 9/);
      const [first = "", second = ""] = during.slice(-2);
      assert.match(
        first,
        columns === 20 ? /^Done: 2 of 9$/ : /^█{4}░{16} Done: 2 of 9, \d+ s so far$/,
      );
      assert.match(
        second,
        columns === 20 ? /^Names: \d of 9$/ : /^Names: \d of 9 validated, \d asked for$/,
      );
      assert.equal(during.filter((line) => DRAWN.test(line)).length, 2, during.join("\n"));
      release();
      assert.equal(await screen.exited(), 2);
      const end = await screen.history();
      assert.deepEqual(
        end.filter((line) => DRAWN.test(line)),
        [],
      );
      assert.match(
        end.slice(-2).join(""),
        /9 targets: 8 issued .* The next renewal is due on .* UTC\.$/,
      );
    });

  test("of one certificate is how far its names are", async () => {
    await using env = await many(pebble, 3);
    const words = env.names.flatMap((name) => ["-d", name]);
    const options = ["--certs_dir", env.certs.path, ...env.options];
    const release = holdBack(env, 0);
    await using screen = await startOnScreen([...words, ...options]);
    const during = await screen.until(/Names: [03] of 3 validated, 3 asked for, \d+ s so far/);
    assert.equal(during.filter((line) => DRAWN.test(line)).length, 1);
    release();
    assert.equal(await screen.exited(), 0);
    assert.doesNotMatch((await screen.history()).join("\n"), DRAWN);
  });

  test("leaves nothing behind when the terminal becomes narrower, or wider", async () => {
    await using env = await many(pebble, 8);
    const release = holdBack(env, 2);
    await using screen = await batchOf(env).onScreen({ columns: 100, rows: 200 });
    await screen.until(/Done: 2 of 9/);
    await screen.resize(25);
    const narrow = await screen.until(/^Done: 2 of 9/m);
    assert.equal(narrow.filter((line) => DRAWN.test(line)).length, 2, narrow.join("\n"));
    await screen.resize(120);
    await screen.until(/█░+ Done: 2 of 9/);
    release();
    await screen.exited();
    assert.doesNotMatch((await screen.history()).join("\n"), DRAWN);
  });

  test("is erased by Ctrl-C before the last message", async () => {
    await using env = await many(pebble, 8);
    holdBack(env, 2);
    await using screen = await batchOf(env).onScreen({ columns: 200, rows: 100 });
    await screen.until(/Done: 2 of 9/);
    await screen.type("C-c");
    assert.equal(await screen.exited(), 130);
    const end = await screen.history();
    assert.doesNotMatch(end.join("\n"), DRAWN);
    assert.match(end.at(-2) ?? "", /^warn: 9 targets: .* not finished\. Interrupted by SIGINT\./);
  });

  test("goes unseen if the terminal is closed, and the run goes on", async () => {
    await using env = await many(pebble, 8);
    const batch = batchOf(env);
    const release = holdBack(env, 2);
    await using screen = await batch.onScreen();
    await screen.until(/Done: 2 of 9/);
    await screen.vanish();
    release();
    assert.equal(await screen.exited(), 2);
    const again = await runCli(batch.words, { env: batch.variables });
    assert.match(again.stderr, /9 targets: 0 issued, 8 kept, 1 failed/);
  });

  test("is drawn without colour if NO_COLOR is set", async () => {
    await using env = await many(pebble, 4);
    const release = holdBack(env, 1);
    await using screen = await batchOf(env).onScreen({ env: { NO_COLOR: "1" } });
    await screen.until(/Done: 1 of 5/);
    release();
    assert.equal(await screen.exited(), 2);

    assert.doesNotMatch(await screen.coloured(), /\u001b/);
  });

  test("is drawn with ASCII if the locale is not UTF-8", async () => {
    await using env = await many(pebble, 4);
    const release = holdBack(env, 1);
    await using screen = await batchOf(env).onScreen({ env: { LANG: "C" } });
    const lines = await screen.until(/^#{4}-{16} Done: 1 of 5/m);
    assert.doesNotMatch(lines.join(""), /[█░]/);
    release();
  });

  describe("is not written", () => {
    test("to a pipe, nor is any control character", async () => {
      await using env = await many(pebble, 2);
      const { words, variables } = batchOf(env);
      const term = { TERM: "xterm-256color", LANG: "C.UTF-8" };
      const run = await runCli(words, { env: { ...variables, ...term } });
      assert.equal(run.code, 2);
      assert.match(run.stderr, /3 targets: 2 issued/);

      assert.doesNotMatch(run.stderr, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
      const forced = await runCli([...words, "--retry"], {
        env: { ...variables, ...term, FORCE_COLOR: "1" },
      });
      assert.match(forced.stderr, /\u001b\[33mwarn\u001b\[39m: 3 targets/);
      assert.doesNotMatch(forced.stderr, MOVES);
    });

    for (const [what, more, env] of [
      ["to a terminal that cannot erase", [], { TERM: "dumb" }],
      ["among JSON", ["--log_format", "json"], { TERM: "xterm" }],
    ] as const)
      test(what, async () => {
        await using site = await many(pebble, 2);
        const { words, variables } = batchOf(site);
        const output = await withTerminal([...words, ...more], { ...variables, ...env });
        assert.match(output, /3 targets: 2 issued/);

        assert.doesNotMatch(output, /\u001b/);
        assert.doesNotMatch(output, DRAWN);
      });
  });
});

/** All that the program writes to a terminal, and nothing obeyed. */
async function withTerminal(words: string[], env: Record<string, string>): Promise<string> {
  const quoted = [process.execPath, MAIN, ...words].map((word) => `'${word}'`).join(" ");
  await using child = await startProcess("script", ["-qc", quoted, "/dev/null"], {
    env: { ...inherited(), ...env },
  });
  await child.exited;
  return child.stdout();
}
