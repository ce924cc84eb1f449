import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { lockRun } from "../../src/store/lock.ts";
import { type CliOptions, runCli, startCli } from "../support/cli.ts";
import { dnsHook } from "../support/hook.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { site } from "../support/simp_le.ts";
import { asVariables } from "../support/variables.ts";
import { tempDir } from "../support/temp.ts";
import { missing } from "../support/tools.ts";
import { eventually } from "../support/wait.ts";
import { startSetting } from "../import/setting.ts";

const skip = missing("pebble");

describe("what the Dokku plugin asks for", { skip, concurrency: 2 }, () => {
  let pebble: Pebble;
  before(async () => {
    pebble = await startPebble();
  });
  after(() => pebble[Symbol.asyncDispose]());

  /** Runs the verb with the properties of apps; each has the site's name below its own. */
  const host = async () => {
    const { name, host: address, certs, recorder, options } = await site(pebble);
    return {
      ...{ certs, recorder },
      domain: async (app: string) => {
        const domain = `${app}.${name}`;
        await pebble.dns.setA(domain, [address]);
        return domain;
      },
      ask: (
        apps: Record<string, object>,
        { words = [], ...more }: CliOptions & { words?: string[] } = {},
      ) =>
        runCli(
          [
            "dokku",
            ...["--certs_dir", join(certs.path, "certs")],
            ...["--account_dir", join(certs.path, "accounts")],
            ...words,
          ],
          {
            ...more,
            env: asVariables(options),
            input: JSON.stringify({
              "--global": {
                email: "me@a.test",
                server: recorder.directoryUrl,
              },
              ...apps,
            }),
          },
        ),
    };
  };

  test("every app has a line, one that is wrong stops no other", async () => {
    const { domain, ask, certs } = await host();
    const apps = {
      blog: { "+domains": await domain("blog"), "lego-args": "--user-agent x" },
      shop: { "+domains": await domain("shop"), graceperiod: "soon" },
    };
    const first = await ask(apps);
    assert.equal(first.code, 2, first.stderr);
    assert.deepEqual(first.stdout.trim().split("\n").sort(), ["failed shop", "issued blog"]);
    assert.match(first.stderr, /shop: graceperiod soon/);
    assert.match(first.stderr, /warn: blog: lego-args: --user-agent is unknown here/);
    assert.deepEqual(
      (await readdir(join(certs.path, "certs/blog")))
        .filter((file) => !file.startsWith("."))
        .sort(),
      ["fullchain.pem", "key.pem"],
    );
    const second = await ask({ blog: apps.blog });
    assert.equal(second.code, 1, second.stderr);
    assert.match(second.stdout, /^kept blog [1-9]\d+\n$/);
    const third = await ask({ blog: { ...apps.blog, "+force": "true" } });
    assert.equal(third.code, 0, third.stderr);
    assert.equal(third.stdout, "issued blog\n");
  });

  test("an app whose key of a binding is of no use fails alone, and leaves no account behind", async () => {
    const { domain, ask, certs } = await host();
    const binding = { "eab-kid": "k", "eab-hmac-key": "not a key!" };
    const bad = { "+domains": await domain("bad"), ...binding };
    const alone = await ask({ bad });
    assert.equal(alone.stdout, "failed bad\n");
    assert.match(alone.stderr, /bad: eab-hmac-key: it is neither/);
    assert.doesNotMatch(alone.stderr, /unforeseen|not a key/);
    assert.ok(!existsSync(join(certs.path, "accounts")));
    const good = { "+domains": await domain("good") };
    const { code, stdout } = await ask({ bad, good });
    assert.equal(code, 2);
    assert.deepEqual(stdout.trim().split("\n").sort(), ["failed bad", "issued good"]);
  });

  test("so does one whose password of PKCS #12 cannot be read", async () => {
    const { domain, ask } = await host();
    const app = { "+domains": await domain("app") };
    const { code, stdout, stderr } = await ask(
      { app },
      { words: ["--pkcs12_password_file", "/nowhere"] },
    );
    assert.deepEqual([code, stdout], [2, "failed app\n"]);
    assert.match(stderr, /app: --pkcs12_password_file \/nowhere: it does not/);
  });

  test("an app that a signal stops has no line, and one message counts", async () => {
    const { domain, ask, recorder } = await host();
    const apps = {
      blog: { "+domains": await domain("blog") },
      shop: { "+domains": await domain("shop") },
      wiki: { "+domains": await domain("wiki"), graceperiod: "soon" },
    };
    recorder.inject({ kind: "finalize", hang: "before" });
    const stop = new AbortController();
    const running = ask(apps, { signal: stop.signal });
    await eventually("both certificates are asked for", () => recorder.count("finalize") === 2);
    stop.abort();
    const { code, stdout, stderr } = await running;
    assert.equal(code, 143, stderr);
    assert.equal(stdout, "failed wiki\n");
    assert.equal(stderr.match(/Interrupted/g)?.length, 1, stderr);
    assert.match(
      stderr,
      /3 targets: 0 issued, 0 kept, 1 failed \(wiki\), 2 not finished\. Interrupted by SIGTERM\./,
    );
  });

  test("apps share an account, which is kept as lego has it too", async () => {
    const { domain, ask, certs, recorder } = await host();
    await ask({
      a: { "+domains": await domain("a") },
      b: { "+domains": await domain("b") },
    });
    assert.equal(recorder.count("new-account"), 1);
    const [folder] = await readdir(join(certs.path, "accounts"));
    const account = join(certs.path, "accounts", folder ?? "", "me@a.test");
    const lego = JSON.parse(readFileSync(join(account, "account.json"), "utf8")) as {
      email: string;
      registration: { uri: string };
    };
    assert.equal(lego.email, "me@a.test");
    assert.match(lego.registration.uri, /^https:/);
    const key = join(account, "keys/me@a.test.key");
    assert.match(readFileSync(key, "utf8"), /BEGIN EC PRIVATE KEY/);
    assert.equal(statSync(key).mode & 0o777, 0o600);
  });

  test("credentials reach the program of their app alone, and no file", async () => {
    await using hook = dnsHook(pebble.dns.managementUrl);
    const { ask, domain, certs } = await host();
    const secret = "s3cr3t of one app";
    const env = Object.fromEntries(
      Object.entries({ ...hook.env, TOKEN: secret }).map(([name, value]) => [
        `dns-provider-${name}`,
        value,
      ]),
    );
    const { code, stderr, stdout } = await ask({
      blog: {
        "+domains": await domain("*.blog"),
        "dns-provider": "exec",
        "dns-provider-EXEC_PATH": hook.file,
        "lego-args": `--dns.resolvers=${pebble.dns.address}`,
        ...env,
      },
    });
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "issued blog\n");
    assert.equal(hook.calls()[0]?.env?.["TOKEN"], secret);
    const state = join(certs.path, "certs/blog/.acme-sidecar.json");
    assert.ok(existsSync(state));
    assert.ok(!readFileSync(state, "utf8").includes(secret));
    assert.ok(!stderr.includes(secret));
  });
});

test(
  "lego's account is used, and lego goes on with it and with a new one of ours",
  { skip: missing("pebble", "lego") },
  async () => {
    await using setting = await startSetting();
    const { recorder } = setting;
    const lego = await setting.folder();
    const webroot = ["--http", "--http.webroot", await setting.folder()];
    const ask = (accounts: string, certs: string) =>
      runCli(
        [
          ...["dokku", "--certs_dir", certs, "--account_dir", accounts],
          ...["--ca_bundle", recorder.caFile],
          ...["--default_root", webroot[2] ?? ""],
        ],
        {
          input: JSON.stringify({
            app: {
              ...{ "+domains": "a.test", email: "me@a.test" },
              server: recorder.directoryUrl,
            },
          }),
        },
      );
    const accounts = () => recorder.count("new-account");
    await setting.lego(lego, ...webroot, "-d", "a.test", "run");
    const before = accounts();
    const theirs = await ask(join(lego, "accounts"), await setting.folder());
    assert.equal(theirs.stdout, "issued app\n", theirs.stderr);
    assert.equal(accounts(), before);

    const fresh = await setting.folder();
    const ours = await ask(join(fresh, "accounts"), await setting.folder());
    assert.equal(ours.stdout, "issued app\n", ours.stderr);
    assert.equal(accounts(), before + 1);
    await setting.lego(fresh, ...webroot, "-d", "a.test", "run");
    assert.equal(accounts(), before + 1);
  },
);

test("a run waits until another is done with the folder", async () => {
  await using dir = tempDir();
  const signal = new AbortController().signal;
  const held = await lockRun(dir.path, { signal, emit: () => undefined });
  await using child = await startCli(["dokku", "--certs_dir", dir.path], { input: "{}" });
  await child.until(/Another run is using/);
  held[Symbol.dispose]();
  assert.equal((await child.exited).code, 1);
});
