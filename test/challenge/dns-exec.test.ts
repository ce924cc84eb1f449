import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { tempDir } from "../support/temp.ts";
import { eventually } from "../support/wait.ts";
import { DIGEST, dnsSetting, never, script, skip } from "./dns-setting.ts";
import { testProvider } from "./provider.contract.ts";
import { answer, testResponder } from "./responder.contract.ts";

if (skip === false)
  testResponder("dns-01 by a program", async () => {
    const s = await dnsSetting();
    const responder = await s.open();
    return {
      responder,
      async answers({ name, keyAuthorization }) {
        const found = await s.dns.txt(`_acme-challenge.${name}`);
        return found.includes(await digest(keyAuthorization));
      },
      [Symbol.asyncDispose]: () => s[Symbol.asyncDispose](),
    };
  });

if (skip === false)
  testProvider("exec", async () => {
    const s = await dnsSetting();
    return {
      provider: await s.provider(),
      zone: "zone.test",
      txt: (fqdn) => s.dns.txt(fqdn),
      [Symbol.asyncDispose]: () => s[Symbol.asyncDispose](),
    };
  });

async function digest(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", Buffer.from(text));
  return Buffer.from(bytes).toString("base64url");
}

describe("the program that sets TXT records", { skip }, () => {
  test("gets the action, the name with a dot at its end and the value, as lego gives them", async () => {
    await using s = await dnsSetting();
    const responder = await s.open();
    const publication = await responder.publish([answer("a.test")], never);
    assert.deepEqual(await s.dns.txt("_acme-challenge.a.test"), [DIGEST]);
    await publication[Symbol.asyncDispose]();
    assert.deepEqual(
      s.hook
        .calls()
        .filter(({ at }) => at === "start")
        .map(({ words, value, more }) => [words, value, more]),
      [
        ["present _acme-challenge.a.test.", DIGEST, []],
        ["cleanup _acme-challenge.a.test.", DIGEST, []],
      ],
    );
  });

  test("a wildcard and its base name have two values at one name, set one after another", async () => {
    await using s = await dnsSetting();
    const responder = await s.open();
    const order = [answer("a.test"), answer("*.a.test", "star"), answer("b.test")];
    const publication = await responder.publish(order, never);
    assert.equal((await s.dns.txt("_acme-challenge.a.test")).length, 2);
    assert.equal((await s.dns.txt("_acme-challenge.b.test")).length, 1);
    await publication[Symbol.asyncDispose]();
    assert.deepEqual(await s.dns.txt("_acme-challenge.a.test"), []);
    // Their zone is unknown here, so no two were under way at once.
    const moments = s.hook.calls().map(({ at }) => at);
    assert.equal(moments.length, 12);
    assert.ok(moments.every((at, i) => at === (i % 2 === 0 ? "start" : "end")));
  });

  test("is called for the name at the end of a CNAME", async () => {
    await using s = await dnsSetting();
    await s.dns.setCname("_acme-challenge.a.test", "a.acme.test");
    const responder = await s.open();
    await using _publication = await responder.publish([answer("a.test")], never);
    assert.deepEqual(s.hook.begun(), ["present a.acme.test."]);
    assert.ok(s.events.some(({ type }) => type === "record-delegated"));
  });

  test("a loop of CNAME records is an error", async () => {
    await using s = await dnsSetting();
    await s.dns.setCname("_acme-challenge.a.test", "x.test");
    await s.dns.setCname("x.test", "_acme-challenge.a.test");
    const responder = await s.open();
    await assert.rejects(responder.publish([answer("a.test")], never), {
      code: "dns-failed",
      message: /alias/,
    });
    assert.deepEqual(s.hook.begun(), []);
  });

  test("sees the environment, without the options of acme-sidecar", async () => {
    await using s = await dnsSetting();
    const responder = await s.open(undefined, {
      API_TOKEN: "for the script",
      ACME_SIDECAR_EAB_HMAC_KEY: "for the CA",
    });
    await using _publication = await responder.publish([answer("a.test")], never);
    const env = s.hook.calls()[0]?.env ?? {};
    assert.equal(env["API_TOKEN"], "for the script");
    assert.ok(env["PATH"]);
    assert.deepEqual(
      Object.keys(env).filter((name) => name.startsWith("ACME_SIDECAR")),
      [],
    );
  });

  test("one that fails is told with its last words, and all that was begun is removed", async () => {
    await using s = await dnsSetting();
    const responder = await s.open(undefined, {
      HOOK_FAIL: "present _acme-challenge.b",
    });
    const order = [answer("a.test"), answer("b.test"), answer("c.test")];
    await assert.rejects(responder.publish(order, never), {
      code: "dns-failed",
      message:
        /dns-hook\.ts present _acme-challenge\.b\.test\.: it ended with exit code 3, and said: first line \/ .*The API says no to present/,
    });
    assert.deepEqual(s.hook.begun(), [
      "present _acme-challenge.a.test.",
      "present _acme-challenge.b.test.",
      "cleanup _acme-challenge.a.test.",
      "cleanup _acme-challenge.b.test.",
    ]);
    assert.deepEqual(await s.dns.txt("_acme-challenge.a.test"), []);
  });

  test("a clean-up that fails is a warning, and the others are done", async () => {
    await using s = await dnsSetting();
    const responder = await s.open(undefined, {
      HOOK_FAIL: "cleanup _acme-challenge.a",
    });
    const order = [answer("a.test"), answer("b.test")];
    const publication = await responder.publish(order, never);
    await publication[Symbol.asyncDispose]();
    const [left, ...more] = s.events.filter(({ type }) => type === "record-left");
    assert.ok(left?.type === "record-left");
    assert.match(left.error.message, /exit code 3.*The API says no/);
    assert.deepEqual(more, []);
    assert.deepEqual(await s.dns.txt("_acme-challenge.b.test"), []);
  });

  test("one that takes too long is ended with all that it started", async () => {
    await using s = await dnsSetting();
    await using dir = tempDir();
    const pids = join(dir.path, "pids");
    const text = `trap '' TERM\necho $$ >>${pids}\n(trap '' TERM; sleep 1000) & echo $! >>${pids}\nwait; sleep 1000`;
    const responder = await s.open({
      script: script(dir.path, `[ "$1" = cleanup ] && exit 0\n${text}`),
      timeout: 100,
    });
    await assert.rejects(responder.publish([answer("a.test")], never), {
      code: "dns-failed",
      message: /took more than 0\.1 s/,
    });
    for (const pid of readFileSync(pids, "utf8").trim().split("\n"))
      await eventually(`the end of ${pid}`, () => !isRunning(Number(pid)));
  });

  test("one that leaves something running is not waited for without end", async () => {
    await using s = await dnsSetting();
    await using dir = tempDir();
    const pids = join(dir.path, "pids");
    const responder = await s.open({
      script: script(dir.path, `sleep 1000 & echo $! >>${pids}`),
      wait: 0,
    });
    const publication = await responder.publish([answer("a.test")], never);
    await publication[Symbol.asyncDispose]();
    for (const pid of readFileSync(pids, "utf8").trim().split("\n"))
      process.kill(Number(pid), "SIGKILL");
  });

  test("has nothing to read", async () => {
    await using s = await dnsSetting();
    await using dir = tempDir();
    const responder = await s.open({
      script: script(dir.path, "cat >&2; exit 1"),
    });
    await assert.rejects(responder.publish([answer("a.test")], never), {
      message: /exit code 1$/,
    });
  });

  test("what it writes may be without end, and little of it is shown", async () => {
    await using s = await dnsSetting();
    await using dir = tempDir();
    const text = "long() { head -c 3000000 /dev/zero | tr '\\0' x; }; long; long >&2; exit 1";
    const responder = await s.open({ script: script(dir.path, text) });
    await assert.rejects(
      responder.publish([answer("a.test")], never),
      ({ message }: Error) => message.length < 1000 && message.endsWith("xxx"),
    );
  });

  test("what it writes has nothing that is unseen, and no passwords in URLs", async () => {
    await using s = await dnsSetting();
    await using dir = tempDir();
    const text = "printf 'a\\342\\200\\256b\\033[2J https://me:hunter2@dns.test/\\n' >&2; exit 1";
    const responder = await s.open({ script: script(dir.path, text) });
    await assert.rejects(responder.publish([answer("a.test")], never), {
      message: /said: a<U\+202E>b \[2J https:\/\/dns\.test\/$/,
    });
  });

  test("is looked for before anything else", async () => {
    await using s = await dnsSetting();
    await using dir = tempDir();
    const plain = join(dir.path, "plain");
    writeFileSync(plain, "#!/bin/sh\n", { mode: 0o644 });
    for (const [file, message] of [
      [join(dir.path, "none"), /does not exist/],
      [plain, /no right to it/],
      [dir.path, /not a file/],
    ] as const)
      await assert.rejects(s.open({ script: file }), {
        code: "usage",
        message,
        hint: /chmod \+x/,
      });
  });

  test("an interpreter that does not exist is named as the reason", async () => {
    await using s = await dnsSetting();
    await using dir = tempDir();
    const file = join(dir.path, "program");
    writeFileSync(file, "#!/no/such/shell\n", { mode: 0o755 });
    const responder = await s.open({ script: file });
    await assert.rejects(responder.publish([answer("a.test")], never), {
      code: "dns-failed",
      message: /first line/,
    });
  });

  test("an interruption ends it, and what it was about is removed", async () => {
    await using s = await dnsSetting();
    const responder = await s.open(undefined, {
      HOOK_SLOW: "present",
      HOOK_TIME: "100000",
    });
    const controller = new AbortController();
    const reason = new Error("interrupted");
    const publishing = responder.publish([answer("a.test")], controller.signal);
    const rejected = assert.rejects(publishing, reason);
    await eventually("a call", () => s.hook.calls().length > 0);
    controller.abort(reason);
    await rejected;
    assert.deepEqual(s.hook.begun(), [
      "present _acme-challenge.a.test.",
      "cleanup _acme-challenge.a.test.",
    ]);
  });
});

/** A zombie has ended too. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
