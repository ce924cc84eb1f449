import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { TxtState } from "../../src/challenge/evidence.ts";
import { namesOf } from "../../src/store/bundle.ts";
import { script } from "../challenge/dns-setting.ts";
import { startDns } from "../support/dns.ts";
import { dnsHook, type Hook } from "../support/hook.ts";
import { type Pebble, type PebbleOptions, startPebble } from "../support/pebble.ts";
import { freePort } from "../support/ports.ts";
import { problem, type Recorder, startRecorder } from "../support/recorder.ts";
import { type Sidecar, sidecar } from "../support/sidecar.ts";
import { tempDir } from "../support/temp.ts";
import { missing } from "../support/tools.ts";
import { eventually } from "../support/wait.ts";

const skip = missing("pebble");

interface Setting extends AsyncDisposable {
  pebble: Pebble;
  recorder: Recorder;
  hook: Hook;
  program: Sidecar;
}

/** A Pebble, and the program with a script that sets TXT records where Pebble asks for them. */
async function setting(
  env: Record<string, string> = {},
  options?: PebbleOptions,
): Promise<Setting> {
  await using stack = new AsyncDisposableStack();
  const pebble = stack.use(await startPebble(options));
  const recorder = stack.use(await startRecorder(pebble));
  const hook = stack.use(dnsHook(pebble.dns.managementUrl));
  const all = {
    ...{ ACME_SIDECAR_DNS: "exec", ACME_SIDECAR_DNS_EXEC: hook.file },
    ACME_SIDECAR_DNS_RESOLVERS: pebble.dns.address,
    ...{ ...hook.env, ...env },
  };
  const program = stack.use(sidecar(recorder, pebble.httpPort, { env: all }));
  const moved = stack.move();
  return {
    ...{ pebble, recorder, hook, program },
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

describe("dns-01 at Pebble", { skip, concurrency: 2 }, () => {
  test("a wildcard", async () => {
    await using s = await setting();
    const { code, stderr } = await s.program.issue(["*.a.test"]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(namesOf(s.program.leaf()), ["*.a.test"]);
    assert.deepEqual(s.hook.begun(), [
      "present _acme-challenge.a.test.",
      "cleanup _acme-challenge.a.test.",
    ]);
    assert.deepEqual(await s.pebble.dns.txt("_acme-challenge.a.test"), []);
  });

  test("a wildcard, its base name and another in one certificate", async () => {
    await using s = await setting();
    const names = ["a.test", "*.a.test", "b.test"];
    const { code, stderr } = await s.program.issue(names);
    assert.equal(code, 0, stderr);
    assert.deepEqual(new Set(namesOf(s.program.leaf())), new Set(names));
    const begun = s.hook.begun();
    assert.equal(begun.length, 6);
    // All are set before the first is removed.
    assert.ok(begun.slice(0, 3).every((words) => words.startsWith("present ")));
    assert.deepEqual(await s.pebble.dns.txt("_acme-challenge.a.test"), []);
  });

  test("a name whose records are delegated by a CNAME", async () => {
    await using s = await setting();
    const { dns } = s.pebble;
    await dns.setCname("_acme-challenge.a.test", "a.acme.test");
    const { code, stderr } = await s.program.issue(["a.test"]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(s.hook.begun(), ["present a.acme.test.", "cleanup a.acme.test."]);
    assert.match(stderr, /is an alias \(CNAME\) of a\.acme\.test/);
  });

  test("a DNS server that cannot be asked about CNAME records: a warning, and the name as it is", async () => {
    await using s = await setting();
    const nobody = `127.0.0.1:${await freePort()}`;
    const { code, stderr } = await s.program.issue(
      ["a.test"],
      ...["--dns_resolvers", nobody, "--dns_wait", "0"],
    );
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /warn: Cannot find out whether _acme-challenge\.a\.test is an alias \(CNAME\) .*ECONNREFUSED/,
    );
    assert.equal(s.hook.begun()[0], "present _acme-challenge.a.test.");
  });

  test("the program sees no option of ours, and its errors are shown", async () => {
    await using s = await setting({
      HOOK_FAIL: "present",
      API_TOKEN: "t",
    });
    const { code, stderr } = await s.program.issue(["a.test"]);
    assert.equal(code, 2);
    assert.match(stderr, /exit code 3.*The API says no to present/);
    const env = s.hook.calls()[0]?.env ?? {};
    assert.equal(env["API_TOKEN"], "t");
    assert.ok(!Object.keys(env).some((name) => /^ACME_SIDECAR_/.test(name)));
    assert.deepEqual(s.hook.begun(), [
      "present _acme-challenge.a.test.",
      "cleanup _acme-challenge.a.test.",
    ]);
    assert.equal(s.recorder.count("challenge"), 0);
  });

  test("a CA that refuses: the records are removed, and the hint is about them", async () => {
    await using s = await setting();
    s.recorder.inject({
      kind: "challenge",
      answer: problem("malformed", 400),
    });
    const { code } = await s.program.issue(["a.test"]);
    assert.equal(code, 2);
    assert.equal(s.hook.begun().at(-1), "cleanup _acme-challenge.a.test.");
    assert.deepEqual(await s.pebble.dns.txt("_acme-challenge.a.test"), []);
  });

  test("a record that the CA does not find: its reason, and what to look at", async () => {
    await using s = await setting();
    const { code, stderr } = await s.program.issue(
      ["a.test"],
      ...["--dns_exec", "/bin/true", "--dns_timeout", "1"],
    );
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(`${s.pebble.dns.address} lacks _acme-challenge\\.a\\.test`));
    assert.match(stderr, /Asking the CA anyway/);
    const { address } = s.pebble.dns;
    assert.ok(
      stderr.includes(
        `${address} has no TXT record of _acme-challenge.a.test. Check that the program sets it`,
      ),
      stderr,
    );
  });

  /** A run that fails, with this shell script as the program that sets records, and how it is explained. */
  async function explained(s: Setting, text: string, ...words: string[]) {
    await using dir = tempDir();
    const { code, stderr } = await s.program.issue(
      ["a.test"],
      ...["--dns_exec", script(dir.path, text), "--dns_timeout", "1", "--log_format", "json"],
      ...words,
    );
    assert.equal(code, 2, stderr);
    const { error } = JSON.parse(stderr.trim().split("\n").at(-1) ?? "") as {
      error: { hint: string; problems: { cause: string; seen: { record: TxtState } }[] };
    };
    const [problem] = error.problems;
    assert.ok(problem);
    return { hint: error.hint, cause: problem.cause, ...problem.seen.record };
  }

  test("an old value in the place of the new one: what each server has", async () => {
    await using s = await setting();
    await s.pebble.dns.addTxt("_acme-challenge.a.test", "of-last-year");
    const { hint, cause, servers } = await explained(s, "true");
    assert.equal(cause, "txt-other");
    const { address } = s.pebble.dns;
    assert.deepEqual(servers, [{ server: address, values: ["of-last-year"] }]);
    assert.equal(
      hint,
      `DNS does not have the value of this order as TXT record of _acme-challenge.a.test: ${address} has of-last-year. The program must add the new value beside others. An old value may be in caches: wait for its TTL, or raise --dns_wait.`,
    );
  });

  test("a record that our servers have, and those that the CA asks do not", async () => {
    await using other = await startDns();
    await using s = await setting({}, { dnsServer: other.address });
    const { code, stderr } = await s.program.issue(["a.test"]);
    assert.equal(code, 2);
    assert.ok(
      stderr.includes(
        `${s.pebble.dns.address} has the right TXT record of _acme-challenge.a.test now, so the CA came too early or asks other servers.`,
      ),
      stderr,
    );
  });

  test("an alias that appears after the record was set: where the CA looks", async () => {
    await using s = await setting();
    const { managementUrl } = s.pebble.dns;
    const alias = JSON.stringify({ host: "_acme-challenge.a.test", target: "a.acme.test" });
    const tell = `curl -sf -d '${alias}' ${managementUrl}/set-cname`;
    const { hint, cause } = await explained(s, `[ "$1" = cleanup ] || ${tell}`);
    assert.equal(cause, "txt-alias");
    assert.match(
      hint,
      /^The CA follows an alias \(CNAME\) to a\.acme\.test, but the TXT record was set at _acme-challenge\.a\.test\. Run again\./,
    );
  });

  test("a clean-up that fails is a warning; the certificate is there", async () => {
    await using s = await setting({ HOOK_FAIL: "cleanup" });
    const { code, stderr } = await s.program.issue(["a.test"]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /may still be there: .*exit code 3.*The API says no/);
  });

  test("a program that is not there: exit code 2 before the CA is asked for more than its directory and a nonce", async () => {
    await using s = await setting();
    const { code, stderr } = await s.program.issue(
      ["a.test"],
      ...["--dns_exec", join(s.program.dir, "none")],
    );
    assert.equal(code, 2);
    assert.match(stderr, /Cannot run .*none: it does not exist.*chmod \+x/);
    const { recorder } = s;
    assert.equal(recorder.count(), recorder.count("directory") + recorder.count("new-nonce"));
  });

  test("--dns_wait asks nobody", async () => {
    await using s = await setting();
    const { code, stderr } = await s.program.issue(["a.test"], "--dns_wait", "1");
    assert.equal(code, 0, stderr);
    assert.match(stderr, /Waiting 1 s for the TXT records/);
  });

  test("SIGTERM: a clean-up may take its time", async () => {
    const slow = { HOOK_SLOW: "cleanup", HOOK_TIME: "2000" };
    await using s = await setting(slow);
    s.recorder.inject({ kind: "order", hang: "before" });
    await using child = await s.program.start(["a.test", "b.test"]);
    await child.until(/is validating/);
    child.kill("SIGTERM");
    assert.equal((await child.exited).code, 143);
    const ends = s.hook.calls().filter(({ at, code }) => at === "end" && code === 0);
    assert.equal(ends.length, 4);
    for (const name of ["a", "b"])
      assert.deepEqual(await s.pebble.dns.txt(`_acme-challenge.${name}.test`), []);
  });

  test("SIGTERM while the program sets a record: it is ended, and called to remove it", async () => {
    await using s = await setting({
      HOOK_SLOW: "present",
      HOOK_TIME: "100000",
    });
    await using child = await s.program.start(["a.test"]);
    await eventually("a call", () => s.hook.calls().length > 0);
    child.kill("SIGTERM");
    assert.equal((await child.exited).code, 143);
    assert.equal(s.hook.begun().at(-1), "cleanup _acme-challenge.a.test.");
    assert.equal(s.hook.calls().at(-1)?.code, 0);
  });

  test("a second signal ends a slow clean-up at once", async () => {
    await using s = await setting({ HOOK_SLOW: "cleanup", HOOK_TIME: "20000" });
    s.recorder.inject({ kind: "order", hang: "before" });
    await using child = await s.program.start(["a.test"]);
    await child.until(/is validating/);
    child.kill("SIGTERM");
    await eventually("the clean-up", () => s.hook.begun().length === 2);
    child.kill("SIGINT");
    assert.equal((await child.exited).code, 130);
    assert.equal(s.hook.calls().filter(({ at }) => at === "end").length, 1);
    process.kill(s.hook.calls().at(-1)?.pid ?? 0, "SIGKILL");
  });
});
