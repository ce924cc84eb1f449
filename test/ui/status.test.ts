import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import stringWidth from "string-width";
import { type MadeBundle, makeBundle } from "../support/certificates.ts";
import { inherited, MAIN, runCli } from "../support/cli.ts";
import { startProcess } from "../support/process.ts";
import { startOnScreen } from "../support/screen.ts";
import { rsaAccount, simpLeFiles } from "../support/simp_le.ts";
import { tempDir } from "../support/temp.ts";
import { missing } from "../support/tools.ts";

const CHINESE = "例子.测试 (xn--fsqu00a.xn--0zwm56d)";

describe("status at a terminal", { skip: missing("tmux", "openssl"), concurrency: 3 }, () => {
  const root = tempDir();
  const dir = join(root.path, "sets");
  const account = rsaAccount();
  const put = (id: string, bundle: MadeBundle) => {
    const files = simpLeFiles(bundle, account);
    mkdirSync(join(dir, id), { recursive: true });
    for (const file of ["key.pem", "cert.pem", "chain.pem", "fullchain.pem"] as const)
      writeFileSync(join(dir, id, file), files[file]);
  };
  before(() => {
    put("plain.test", makeBundle({ names: ["plain.test"], days: 90 }));
    put("several", makeBundle({ names: ["a.test", "b.test", "c.test"], days: 30 }));
    put("wide", makeBundle({ names: ["xn--fsqu00a.xn--0zwm56d", "e.test"], days: 5 }));
    put("ended", makeBundle({ names: ["ended.test"], days: -1 }));
    put("broken", makeBundle({ names: ["broken.test"], days: 60 }));
    writeFileSync(join(dir, "broken", "cert.pem"), "nonsense");
    // One that fails, since no CA is there.
    const wanted = { targets: [{ id: "failing", names: ["failing.test"] }] };
    writeFileSync(join(root.path, "targets.json"), JSON.stringify(wanted));
    const words = ["--server", "https://127.0.0.1:9/dir", "--listen", "127.0.0.1:0"];
    return runCli(["batch", join(root.path, "targets.json"), "--certs_dir", dir, ...words]);
  });
  after(() => root[Symbol.asyncDispose]());

  async function shownAt(columns: number, env: Record<string, string> = {}) {
    await using screen = await startOnScreen(["status", dir], { columns, env, rows: 60 });
    assert.equal(await screen.exited(), 0);
    return { lines: await screen.history(), coloured: await screen.coloured() };
  }

  test("has bars, what is left, and what went wrong, the most urgent first", async () => {
    const { lines } = await shownAt(120);
    assert.match(lines[0] ?? "", /^NAMES +CA +LIFE LEFT +ENDS +RENEWAL$/);
    const line = (start: string) => {
      const found = lines.find((each) => each.startsWith(start));
      assert.ok(found, lines.join("\n"));
      return found;
    };
    assert.match(line("failing"), /^failing: failing\.test +127\.0\.0\.1:9 +- +due$/);
    assert.match(line("  due: "), /there is none yet/);
    assert.match(line("  failed 1 x, "), /127\.0\.0\.1:9/);
    assert.match(line("ended"), / ░{10}  ended  not recorded$/);
    assert.match(line("wide"), / █{10}  4 d +not recorded$/);
    assert.match(line("several"), /^several: a\.test, b\.test, c\.test .*  29 d /);
    assert.match(line("plain.test"), /^plain\.test +- +█{10}  89 d/);
    assert.match(line("  /"), /cert\.pem cannot be used/);
    assert.equal(lines.at(-1), "6 sets: 1 ended, 1 due, 1 broken, 1 failed, 5 not recorded.");
    const rows = lines.slice(1, -1).filter((each) => !each.startsWith(" "));
    assert.deepEqual(
      rows.slice(-4).map((row) => /^[\w.]+/.exec(row)?.[0]),
      ["ended", "wide", "several", "plain.test"],
    );
  });

  for (const columns of [20, 40, 60, 80, 200])
    test(`fits into ${columns} columns, with names that are wide`, async () => {
      const { lines } = await shownAt(columns);
      for (const line of lines) assert.ok(stringWidth(line) < columns, line);
      // The name, or as much of it as there is room for, and what is left.
      const wide = lines.find((line) => line.startsWith("wide: ")) ?? "";
      assert.match(
        wide,
        columns === 20 ? /^wide: 例… \+1 +4 d$/ : /^wide: 例子.* 4 d +not recorded$/,
      );
      assert.equal(wide.includes(CHINESE), columns === 200);
      // All columns begin at the same place, however wide the names are.
      const places = lines
        .map((line) => / (?:\d+ d|ended) /.exec(`${line} `))
        .filter((found) => found !== null)
        .map(({ input, index }) => stringWidth(input.slice(0, index)));
      assert.equal(places.length, 4);
      assert.equal(new Set(places).size, 1, lines.join("\n"));
    });

  test("says the same without colour, and with ASCII where the locale has no more", async () => {
    const usual = await shownAt(100);
    assert.match(usual.coloured, /\u001b\[31mended/);
    const plain = await shownAt(100, { NO_COLOR: "1" });

    assert.doesNotMatch(plain.coloured, /\u001b/);
    assert.deepEqual(plain.lines, usual.lines);
    const { lines } = await shownAt(100, { LANG: "C", TERM: "dumb" });
    assert.ok(lines.some((line) => / -{10}  ended /.test(line)));
    assert.doesNotMatch(lines.join(""), /[█░…]/);
  });

  test("stays as it was in a pipe, whatever the environment says", async () => {
    const env = { TERM: "xterm", FORCE_COLOR: "1", LANG: "C.UTF-8", COLUMNS: "20" };
    const { stdout } = await runCli(["status", dir], { env });
    assert.match(stdout, /^ID +NAMES +CA +PROFILE +ENDS +RENEWAL +WHY +LAST FAILURE\n/);
    assert.equal(stdout.trimEnd().split("\n").length, 7);

    assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f█░]/);
  });

  test("of a thousand sets is a line for each, and a count at the end", async () => {
    await using many = tempDir();
    for (let at = 0; at < 1_000; at += 1)
      cpSync(join(dir, at === 500 ? "wide" : "plain.test"), join(many.path, `set-${String(at)}`), {
        recursive: true,
      });
    await using screen = await startOnScreen(["status", many.path], { columns: 80 });
    assert.equal(await screen.exited(), 0);
    const lines = await screen.history();
    assert.equal(lines.length, 1_002);
    assert.match(lines[1] ?? "", /^set-500: /);
    assert.equal(lines.at(-1), "1000 sets: 1000 not recorded.");
  });
});

describe("an answer", () => {
  const run = async (to: string) => {
    const program = `"$0" "$@" ${to}; echo "code \${PIPESTATUS[0]}" >&2`;
    const words = ["-c", program, process.execPath, MAIN, "nginx"];
    await using child = await startProcess("bash", words, { env: inherited() });
    await child.exited;
    return child.stderr();
  };

  test("that nobody reads is no error", async () => {
    assert.equal(await run("> >(true)"), "code 0\n");
    assert.equal(await run("| true"), "code 0\n");
  });

  test("that cannot be written is one", { skip: !existsSync("/dev/full") }, async () => {
    const stderr = await run("> /dev/full");
    assert.match(stderr, /error: The answer cannot be written: the disk is full\..*\ncode 2\n$/);
  });
});
