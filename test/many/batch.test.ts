import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { makeBundle } from "../support/certificates.ts";
import { runCli, startCli } from "../support/cli.ts";
import { problem } from "../support/exchange.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { asVariables } from "../support/variables.ts";
import { missing } from "../support/tools.ts";
import { eventually } from "../support/wait.ts";
import { type Many, many, ordered } from "./setting.ts";

const skip = missing("pebble");

const folders = ({ at }: Many) =>
  readdirSync(at()).filter((name) => name !== "accounts" && !name.startsWith("."));

describe("batch", { skip, concurrency: 4 }, () => {
  let pebble: Pebble;
  before(async () => {
    pebble = await startPebble({ blocklist: ["blocked.test"] });
  });
  after(() => pebble[Symbol.asyncDispose]());

  test("gets a certificate for each target in a folder of its own, with one account, and then has nothing to do", async () => {
    await using env = await many(pebble, 12);
    const { recorder, names, at } = env;
    const first = await env.batch(names);
    assert.equal(first.code, 0, first.stderr);
    assert.equal(first.stdout, "");
    assert.deepEqual(folders(env).sort(), [...names].sort());
    for (const name of names) {
      assert.deepEqual(
        readdirSync(at(name)).filter((file) => !file.startsWith(".")),
        ["cert.pem", "chain.pem", "fullchain.pem", "key.pem"],
      );
      assert.equal(statSync(at(name, "key.pem")).mode & 0o777, 0o600);
    }
    assert.equal(recorder.count("new-account"), 1);
    assert.equal(recorder.count("directory"), 1);
    assert.ok(recorder.count("new-nonce") <= 16);
    assert.match(first.stderr, /12 targets: 12 issued \(.*\), 0 kept, 0 failed\./);

    const asked = recorder.count();
    const second = await env.batch(names);
    assert.equal(second.code, 1, second.stderr);
    assert.equal(recorder.count(), asked);
    assert.match(second.stderr, /12 targets: 0 issued, 12 kept, 0 failed\./);
  });

  test("a target that fails stops no other, and the summary and the exit code tell", async () => {
    await using env = await many(pebble, 3);
    const [a = "", b = "", c = ""] = env.names;
    const bad = { id: "bad", names: ["x.blocked.test"] };
    const result = await env.batch([a, bad, b, c], "--log_format", "json");
    assert.equal(result.code, 2);
    const lines = result.stderr
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const { issued, failed } = lines.find(({ event }) => event === "summary") ?? {};
    assert.deepEqual(issued, [a, b, c]);
    assert.deepEqual(failed, ["bad"]);
    const failure = lines.find(({ event }) => event === "failed");
    const { target, message } = failure ?? {};
    assert.equal(target, "bad");
    assert.match(String(message), /blocked\.test/);
  });

  test("of many reasons that several failed for five are told, and how many more there are", async () => {
    await using env = await many(pebble, 12);
    const groups = Array.from({ length: 6 }, (_, n) => env.names.slice(2 * n, 2 * n + 2));
    for (const [n, group] of groups.entries())
      env.recorder.inject({
        kind: "new-order",
        when: ({ body }) => group.some((name) => JSON.stringify(body?.payload).includes(name)),
        answer: {
          status: 403,
          headers: { "content-type": "application/problem+json" },
          body: JSON.stringify({ detail: `The moon is in house ${"abcdef".charAt(n)}` }),
        },
        withNonce: true,
      });
    const run = await env.batch(env.names);
    assert.equal(run.code, 2);
    assert.equal(run.stderr.match(/warn: 2 failed: .*house [a-f]/g)?.length, 5, run.stderr);
    assert.match(run.stderr, /Others failed for 1 more cause; -v shows them/);
    assert.match(run.stderr, /12 targets: 0 issued, 0 kept, 12 failed/);
  });

  test("a set with a damaged file fails by the name of that, and stops no other", async () => {
    await using env = await many(pebble, 2);
    const [a = "", b = ""] = env.names;
    assert.equal((await env.batch([a])).code, 0);
    writeFileSync(env.at(a, "key.pem"), "nonsense");
    const { code, stderr } = await env.batch([a, b]);
    assert.equal(code, 2);
    assert.match(stderr, /error: .*key\.pem cannot be used: it has no private key/);
    assert.match(stderr, /2 targets: 1 issued .*, 0 kept, 1 failed/);
  });

  test("what is missing comes first, then what ends soonest", async () => {
    await using env = await many(pebble, 3);
    const [soon = "", gone = "", later = ""] = env.names;
    for (const [name, days] of [
      [later, 9],
      [soon, 2],
    ] as const) {
      const { key, leaf, chain } = makeBundle({ names: [name], days });
      mkdirSync(env.at(name));
      const pem = key.export({ type: "pkcs8", format: "pem" });
      writeFileSync(env.at(name, "key.pem"), pem);
      writeFileSync(env.at(name, "cert.pem"), leaf.toString());
      writeFileSync(env.at(name, "chain.pem"), chain.map(String).join(""));
      writeFileSync(env.at(name, "fullchain.pem"), [leaf, ...chain].map(String).join(""));
    }
    const targets = [later, soon, gone].map((name) => ({
      names: [name],
      valid_min: 30 * 86400,
    }));
    const result = await env.batch(targets, "--concurrency", "1");
    assert.equal(result.code, 0, result.stderr);
    // Of these the CA knows no certificate to replace, so they are ordered once more.
    assert.deepEqual([...new Set(ordered(env))], [gone, soon, later]);
  });

  test("after a failure scheduled runs wait; --retry, another wish, and issue do not", async () => {
    await using env = await many(pebble, 1);
    const [name = ""] = env.names;
    const { recorder } = env;
    const refused = recorder.inject({
      kind: "new-order",
      answer: problem("rejectedIdentifier", 403),
      withNonce: true,
    });
    assert.equal((await env.batch([{ id: "a", names: [name] }])).code, 2);
    const { failure } = env.state("a");
    const wait = Date.parse(failure?.next ?? "") - Date.now();
    assert.ok(wait > 30_000 && wait <= 60_000, String(wait));

    const again = await env.batch([{ id: "a", names: [name] }]);
    assert.equal(again.code, 2);
    assert.match(again.stderr, /Not before .* It failed once, .*--retry/s);
    assert.equal(recorder.count("new-order"), 1);

    assert.equal((await env.batch([{ id: "a", names: [name] }], "--retry")).code, 2);
    assert.equal(recorder.count("new-order"), 2);
    const later = Date.parse(env.state("a").failure?.next ?? "") - Date.now();
    assert.ok(later > 9 * 60_000 && later <= 10 * 60_000, String(later));

    const profile = [{ id: "a", names: [name, `www.${env.name}`] }];
    assert.equal((await env.batch(profile)).code, 2);
    assert.equal(recorder.count("new-order"), 3);

    refused.remove();
    const options = ["--certs_dir", env.at("a"), ...env.options];
    const person = await runCli([...options, "-d", name]);
    assert.equal(person.code, 0, person.stderr);
    assert.equal(env.state("a").failure, undefined);
    assert.equal((await env.batch([{ id: "a", names: [name] }])).code, 1);
  });

  test("an account that the CA limits is not asked for with every target", async () => {
    await using env = await many(pebble, 8);
    const { recorder } = env;
    recorder.inject({
      kind: "new-order",
      answer: {
        ...problem("rateLimited", 429),
        headers: { "retry-after": "3600" },
      },
      withNonce: true,
    });
    const { code, stderr } = await env.batch(env.names, "--concurrency", "1");
    assert.equal(code, 2);
    assert.equal(recorder.count("new-order"), 3);
    // The first is told in full, all of them at the end.
    assert.equal(stderr.match(/error: .*Not tried, because this failed/g)?.length, 1);
    assert.match(stderr, /warn: 5 failed: Not tried, because this failed for other targets/);
    assert.match(stderr, /warn: 3 failed: /);
    for (const name of env.names) {
      const wait = Date.parse(env.state(name).failure?.next ?? "") - Date.now();
      assert.ok(wait > 3500_000, String(wait));
    }
  });

  test("no more than --concurrency are under way at once", async () => {
    await using env = await many(pebble, 6);
    const { code, stderr } = await env.batch(env.names, "--concurrency", "2");
    assert.equal(code, 0, stderr);
    let underway = 0;
    let most = 0;
    for (const { kind } of env.recorder.requests) {
      if (kind === "new-order") most = Math.max(most, (underway += 1));
      if (kind === "certificate") underway -= 1;
    }
    assert.equal(most, 2);
  });

  test("two runs at once order each certificate once, and register once", async () => {
    await using env = await many(pebble, 4);
    const results = await Promise.all([env.batch(env.names), env.batch(env.names)]);
    assert.deepEqual(
      results.filter(({ code }) => code === 2).map(({ stderr }) => stderr),
      [],
    );
    assert.deepEqual(ordered(env).sort(), [...env.names].sort());
    const created = env.recorder.requests.filter(
      ({ kind, status }) => kind === "new-account" && status === 201,
    );
    assert.equal(created.length, 1);
  });

  test("a signal ends what is under way; what was issued stays, and the next run gets the rest", async () => {
    await using env = await many(pebble, 3);
    const [a = "", b = "", c = ""] = env.names;
    env.recorder.inject({ kind: "finalize", nth: 2, hang: "before" });
    const words = ["batch", "-", "--certs_dir", env.at(), ...env.options];
    const input = JSON.stringify({
      targets: [a, b, c].map((name) => ({ names: [name] })),
    });
    await using child = await startCli([...words, "--concurrency", "1"], {
      input,
    });
    await eventually(
      "the second certificate is asked for",
      () => env.recorder.count("finalize") === 2,
    );
    child.kill("SIGTERM");
    assert.equal((await child.exited).code, 143);
    assert.equal(existsSync(env.at(a, "fullchain.pem")), true);
    const rest = await env.batch([a, b, c]);
    assert.equal(rest.code, 0, rest.stderr);
    assert.match(rest.stderr, /2 issued .* 1 kept, 0 failed/);
  });

  test("after a signal one line counts what is done and what is left, and says that the next run goes on with it", async () => {
    await using env = await many(pebble, 9);
    const [a = "", ...rest] = env.names;
    const bad = { id: "bad", names: ["x.blocked.test"] };
    assert.equal((await env.batch([a, bad])).code, 2);
    const targets = [{ names: [a] }, bad, ...rest.map((b) => ({ names: [b] }))];
    const words = ["--certs_dir", env.at(), "--concurrency", "1"];
    const json = ["--log_format", "json"];
    const interrupted = async (verb: string[], signal: "SIGTERM" | "SIGINT") => {
      const asked = env.recorder.count("finalize");
      const hung = env.recorder.inject({
        kind: "finalize",
        nth: 2,
        hang: "before",
      });
      await using child = await startCli([...verb, ...words, ...json], {
        input: JSON.stringify({ targets }),
        env: asVariables(env.options),
      });
      await eventually(
        "the second certificate is asked for",
        () => env.recorder.count("finalize") === asked + 2,
      );
      child.kill(signal);
      const { code } = await child.exited;
      hung.remove();
      const lines = child
        .stderr()
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      const summary = lines.at(-1) ?? {};
      const about = lines.filter(({ message }) => String(message).includes("Interrupted"));
      assert.deepEqual(about, [summary]);
      return { code, summary };
    };

    const first = await interrupted(["batch", "-"], "SIGTERM");
    assert.equal(first.code, 143);
    const { issued, kept, failed, unfinished, message } = first.summary;
    assert.equal((issued as string[]).length, 1);
    assert.deepEqual([kept, failed], [[a], ["bad"]]);
    assert.deepEqual(
      [...(issued as string[]), ...(unfinished as string[])].sort(),
      [...rest].sort(),
    );
    assert.match(
      String(message),
      /^10 targets: 1 issued \(.*\), 1 kept, 1 failed \(bad\), 7 not finished\. Interrupted by SIGTERM\. The next run goes on/,
    );

    const whole = await env.batch([a, ...rest]);
    assert.match(
      whole.stderr,
      /9 targets: 7 issued .*, 2 kept, 0 failed\. The next renewal is due on .* UTC\.$/m,
    );
    for (const name of rest)
      env.edit(name, ({ target }) => {
        (target as { want: object }).want = {
          ...(target as { want: object }).want,
          validAtLeast: 1e12,
        };
      });
    const second = await interrupted(["renew"], "SIGINT");
    assert.equal(second.code, 130);
    assert.equal((second.summary["unfinished"] as string[]).length, 7);
  });

  test("targets may have CAs, accounts, keys and files of their own", async () => {
    await using env = await many(pebble, 2);
    const [a = "", b = ""] = env.names;
    const yaml = [
      "defaults:",
      "  email: ops@example.test",
      "  key: rsa2048",
      "targets:",
      `  - names: ${a}`,
      "    id: first",
      "    formats: [full.pem]",
      "    mode: 0640",
      `  - names: [${b}, www.${env.name}]`,
      "    key-type: ec384",
      "    email: other@example.test",
    ].join("\n");
    const wrong = await env.verb(["batch", "-"], yaml);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /line 10, targets\[1\]\.key_type: there is no such key/);
    const right = await env.verb(["batch", "-"], yaml.replace("key-type", "key"));
    assert.equal(right.code, 0, right.stderr);
    assert.deepEqual(folders(env).sort(), [b, "first"].sort());
    assert.equal(statSync(env.at("first", "full.pem")).mode & 0o777, 0o640);
    assert.equal(env.recorder.count("new-account"), 2);
  });
});
