import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { publicJwk, thumbprintOf } from "../../src/jwk.ts";
import { readJwk } from "../../src/store/jwk.ts";
import { type Environment, environment } from "../support/environment.ts";
import { problem } from "../support/exchange.ts";
import type { Sidecar } from "../support/sidecar.ts";
import { missing } from "../support/tools.ts";
import { eventually } from "../support/wait.ts";

const skip = missing("pebble");
const PENDING = ".account_key.json.next";

async function registered(): Promise<Environment> {
  await using stack = new AsyncDisposableStack();
  const env = stack.use(await environment());
  const { code, stderr } = await env.program.issue(["a.test"]);
  assert.equal(code, 0, stderr);
  stack.move();
  return env;
}

function registration(program: Sidecar) {
  return JSON.parse(program.read("account_reg.json")) as {
    uri: string;
    body: { key: object; contact?: string[] };
  };
}

const keyOf = (program: Sidecar) => readJwk(JSON.parse(program.read("account_key.json")));

/** The next run is the account's, its files agree, and nothing is left over. */
async function checkAccount(
  { program, recorder }: Environment,
  uri: string,
  { settled } = { settled: true },
) {
  const accounts = recorder.count("new-account");
  const { code, stderr } = await program.issue(["a.test"], "--force");
  assert.equal(code, 0, stderr);
  if (settled) assert.equal(recorder.count("new-account"), accounts);
  const kept = registration(program);
  assert.equal(kept.uri, uri);
  assert.deepEqual(kept.body.key, publicJwk(keyOf(program)));
  assert.deepEqual(
    readdirSync(program.dir).filter((file) => /next|new$|commit/.test(file)),
    [],
  );
}

describe("account show", { skip, concurrency: true }, () => {
  test("prints what is kept, as lines or as JSON, and does not ask the CA", async () => {
    await using env = await registered();
    const { program, recorder } = env;
    const before = recorder.count();
    const lines = await program.run("account show");
    assert.equal(lines.code, 0, lines.stderr);
    const { uri } = registration(program);
    const thumbprint = thumbprintOf(keyOf(program));
    for (const part of [uri, thumbprint, "ec256", "mailto:me@example.com"])
      assert.ok(lines.stdout.includes(part), part);
    const json = await program.run("account show", "--json");
    assert.deepEqual(JSON.parse(json.stdout), {
      uri,
      ca: new URL(recorder.directoryUrl).host,
      key: "ec256",
      thumbprint,
      contact: ["mailto:me@example.com"],
    });
    assert.equal(recorder.count(), before);
  });

  test("finds the account by its key where no registration is kept, and creates none", async () => {
    await using env = await registered();
    const { program } = env;
    const { uri } = registration(program);
    rmSync(join(program.dir, "account_reg.json"));
    const { code, stdout, stderr } = await program.run("account show");
    assert.equal(code, 0, stderr);
    assert.ok(stdout.includes(uri));
    rmSync(join(program.dir, "account_key.json"));
    const none = await program.run("account show");
    assert.equal(none.code, 2);
    assert.equal(none.stdout, "");
    assert.match(none.stderr, /no account_key\.json/);
  });
});

describe("account rollover", { skip, concurrency: true }, () => {
  test("gives the account a new key of the same kind; the next run uses it without asking", async () => {
    await using env = await registered();
    const { program } = env;
    const [{ uri }, old] = [registration(program), keyOf(program)];
    const { code, stderr } = await program.run("account rollover");
    assert.equal(code, 0, stderr);
    assert.ok(!keyOf(program).equals(old));
    assert.equal(keyOf(program).asymmetricKeyType, "ec");
    assert.match(stderr, new RegExp(thumbprintOf(keyOf(program))));
    await checkAccount(env, uri);
  });

  test("takes the kind that is asked for, and keeps to it", async () => {
    await using env = await registered();
    const { program } = env;
    const { uri } = registration(program);
    for (const words of [["--account_key_size", "2048"], []]) {
      const { code, stderr } = await program.run("account rollover", ...words);
      assert.equal(code, 0, stderr);
      const { modulusLength } = keyOf(program).asymmetricKeyDetails ?? {};
      assert.equal(modulusLength, 2048);
    }
    await checkAccount(env, uri);
  });

  test("an answer that got lost is no failure", async () => {
    await using env = await registered();
    const { program, recorder } = env;
    const { uri } = registration(program);
    recorder.inject({ kind: "key-change", times: 1, reset: "after" });
    const { code, stderr } = await program.run("account rollover");
    assert.equal(code, 0, stderr);
    assert.equal(recorder.count("key-change"), 1);
    await checkAccount(env, uri);
  });

  test("a CA that refuses leaves everything as it was", async () => {
    await using env = await registered();
    const { program, recorder } = env;
    const { uri } = registration(program);
    const before = program.read("account_key.json");
    const fault = recorder.inject({
      kind: "key-change",
      answer: problem("badPublicKey", 400),
      withNonce: true,
    });
    const { code, stderr } = await program.run("account rollover");
    assert.equal(code, 2);
    assert.match(stderr, /refused to take the account's new key/);
    assert.equal(program.read("account_key.json"), before);
    fault.remove();
    await checkAccount(env, uri);
  });

  for (const verb of ["issue", "revoke", "account show"])
    test(`a CA that cannot be reached leaves both keys; ${verb} finds out which counts`, async () => {
      await using env = await registered();
      const { program, recorder } = env;
      const { uri } = registration(program);
      const cut = recorder.inject({ kind: "key-change", reset: "after" });
      const deaf = recorder.inject({
        reset: "before",
        when: ({ kind }) => kind === "new-account" && cut.hits() > 0,
      });
      const { code, stderr } = await program.run("account rollover");
      assert.equal(code, 2, stderr);
      assert.ok(existsSync(join(program.dir, PENDING)));
      deaf.remove();
      cut.remove();
      const next =
        verb === "issue" ? await program.issue(["a.test"], "--force") : await program.run(verb);
      assert.equal(next.code, 0, next.stderr);
      assert.match(next.stderr, /was interrupted\. It is complete now/);
      await checkAccount(env, uri);
    });

  for (const [moment, effect] of [
    ["before", "the CA is told again"],
    ["after", "it is found complete"],
  ] as const)
    test(`killed ${moment} the CA took the new key: ${effect}`, async () => {
      await using env = await registered();
      const { program, recorder } = env;
      const { uri } = registration(program);
      const hang = recorder.inject({ kind: "key-change", hang: moment });
      await using child = await program.startRun("account rollover");
      await eventually("the request", () => hang.hits() > 0);
      child.kill("SIGKILL");
      await child.exited;
      hang.remove();
      const old = keyOf(program);
      assert.ok(existsSync(join(program.dir, PENDING)));
      const next = await program.run("account show");
      assert.equal(next.code, 0, next.stderr);
      assert.match(next.stderr, /It is complete now/);
      assert.ok(!keyOf(program).equals(old));
      await checkAccount(env, uri);
    });

  /** What an interrupted rollover to this key leaves. */
  const leave = ({ program, recorder }: Environment, key: object) => {
    const text = JSON.stringify({ directory: recorder.directoryUrl, key });
    writeFileSync(join(program.dir, PENDING), text);
  };
  const another = () =>
    generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });

  test("what was left of one that is complete is removed, without asking the CA", async () => {
    await using env = await registered();
    const { program, recorder } = env;
    leave(env, JSON.parse(program.read("account_key.json")) as object);
    const before = recorder.count();
    const { code, stderr } = await program.run("account show");
    assert.equal(code, 0, stderr);
    assert.equal(recorder.count(), before);
    assert.equal(existsSync(join(program.dir, PENDING)), false);
  });

  for (const [what, spoil] of [
    [
      "that the CA refuses",
      ({ recorder }) =>
        recorder.inject({
          kind: "key-change",
          answer: problem("badPublicKey", 400),
          withNonce: true,
        }),
    ],
    [
      "of an account whose registration is gone",
      ({ program }) => {
        rmSync(join(program.dir, "account_reg.json"));
      },
    ],
  ] satisfies [string, (env: Environment) => unknown][])
    test(`an interrupted one ${what} is told, and the old key stays`, async () => {
      await using env = await registered();
      const { program } = env;
      const [old, { uri }] = [keyOf(program), registration(program)];
      leave(env, another());
      spoil(env);
      const { code, stdout, stderr } = await program.run("account show");
      assert.equal(code, 0, stderr);
      assert.match(stderr, /did not accept the new key, so the old one stays/);
      assert.ok(stdout.includes(uri));
      assert.ok(keyOf(program).equals(old));
      assert.equal(existsSync(join(program.dir, PENDING)), false);
    });

  // One run takes about this long; the points are spread over it and a little beyond.
  const POINTS = 16;
  const SPAN = 900;
  for (let part = 0; part < 2; part += 1)
    test(`SIGKILL at ${POINTS / 2} moments (${part + 1} of 2): the account and one key that belongs to it stay`, async () => {
      await using env = await registered();
      const { program, recorder } = env;
      const { uri } = registration(program);
      for (let point = part; point < POINTS; point += 2) {
        await using child = await program.startRun("account rollover");
        await pause((SPAN * point) / POINTS);
        child.kill("SIGKILL");
        await child.exited;
        await checkAccount(env, uri, { settled: false });
      }
      const created = recorder.requests.filter(
        ({ kind, status }) => kind === "new-account" && status === 201,
      );
      assert.equal(created.length, 1);
    });
});

describe("account deactivate", { skip, concurrency: true }, () => {
  test("needs --yes; then the account is no more, and the next run makes another with another key", async () => {
    await using env = await registered();
    const { program, recorder } = env;
    const [{ uri }, old] = [registration(program), keyOf(program)];
    const before = recorder.count();
    const careful = await program.run("account deactivate");
    assert.equal(careful.code, 2);
    assert.match(careful.stderr, /for ever.*--yes/);
    assert.equal(recorder.count(), before);

    const done = await program.run("account deactivate", "--yes");
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stderr, /account_key\.json\.deactivated/);
    const again = await program.run("account deactivate", "--yes");
    assert.equal(again.code, 1, again.stderr);

    const next = await program.issue(["a.test"], "--force");
    assert.equal(next.code, 0, next.stderr);
    assert.notEqual(registration(program).uri, uri);
    assert.ok(!keyOf(program).equals(old));
  });

  test("an account that the CA tells nothing of stays", async () => {
    await using env = await registered();
    const { program, recorder } = env;
    const kept = program.read("account_key.json");
    recorder.inject({ kind: "new-account", answer: problem("malformed", 400), withNonce: true });
    const { code, stderr } = await program.run("account deactivate", "--yes");
    assert.equal(code, 2, stderr);
    assert.match(stderr, /error: .*refused to find the account/);
    assert.equal(program.read("account_key.json"), kept);
  });

  test("an account that was deactivated elsewhere is put aside, with exit 1", async () => {
    await using env = await registered();
    const { program } = env;
    const files = ["account_key.json", "account_reg.json"].map(
      (file) => [join(program.dir, file), program.read(file)] as const,
    );
    assert.equal((await program.run("account deactivate", "--yes")).code, 0);
    for (const [file, text] of files) writeFileSync(file, text);
    const { code, stderr } = await program.run("account deactivate", "--yes");
    assert.equal(code, 1, stderr);
    assert.match(stderr, /deactivated before/);
    assert.equal(existsSync(join(program.dir, "account_key.json")), false);
  });
});
