import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { accountFolder } from "../../src/core/account/folder.ts";
import { type Environment, environment } from "../support/environment.ts";
import { sidecar } from "../support/sidecar.ts";
import { tempDir } from "../support/temp.ts";
import { missing } from "../support/tools.ts";

test("an account's folder is named after CA and e-mail, whatever characters are in them", () => {
  const dirOf = (from: string, ...contact: string[]) =>
    accountFolder({
      from,
      account: { dir: "/accounts", contact },
      keep: { dir: "/certs", formats: [] },
    }).place.dir;
  const ca = "https://acme.test/directory";
  assert.equal(dirOf(ca), "/accounts/acme.test/none");
  assert.equal(dirOf(ca, "Me@A.test"), "/accounts/acme.test/me@a.test");
  assert.equal(dirOf(ca, "a@b", "c@d"), "/accounts/acme.test/a@b,c@d");
  assert.equal(dirOf(ca, "../../x@y"), "/accounts/acme.test/..%2f..%2fx@y");
  assert.equal(dirOf("https://localhost:14000/dir"), "/accounts/localhost_14000/none");
});

describe("accounts that sets share", { skip: missing("pebble"), concurrency: true }, () => {
  const created = ({ recorder }: Environment) =>
    recorder.requests.filter(({ kind }) => kind === "new-account");

  test("8 runs at once register once; no set has account files of its own", async () => {
    await using env = await environment({ alwaysValid: true });
    await using accounts = tempDir();
    await using stack = new AsyncDisposableStack();
    const { recorder, pebble } = env;
    const sets = Array.from({ length: 8 }, () => stack.use(sidecar(recorder, pebble.httpPort)));
    const shared = ["--account_dir", join(accounts.path, "all")];
    const results = await Promise.all(
      sets.map((set, index) => set.issue([`${index}.test`], "--stateless", ...shared)),
    );
    for (const { code, stderr } of results) assert.equal(code, 0, stderr);
    assert.deepEqual(
      created(env).map(({ status }) => status),
      [201],
    );
    for (const set of sets)
      assert.deepEqual(
        readdirSync(set.dir).filter((file) => file.startsWith("account")),
        [],
      );
    const host = new URL(recorder.directoryUrl).host.replace(":", "_");
    const home = join(accounts.path, "all", host, "me@example.com");
    assert.equal(statSync(home).mode & 0o777, 0o700);
    assert.equal(statSync(join(home, "account_key.json")).mode & 0o777, 0o600);
    assert.ok(existsSync(join(home, "account_reg.json")));

    const [set] = sets;
    assert.ok(set);
    const before = recorder.count();
    const again = await set.issue(["0.test"], "--force", "--stateless", ...shared);
    assert.equal(again.code, 0, again.stderr);
    assert.equal(created(env).length, 1);
    // Pebble may reuse the authorization; what is asked before it is the usual.
    assert.deepEqual(
      recorder.requests.slice(before, before + 2).map(({ kind }) => kind),
      ["new-nonce", "new-order"],
    );
    const other = await set.issue(
      ["0.test"],
      ...["--force", "--stateless", ...shared, "--email", "you@example.com"],
    );
    assert.equal(other.code, 0, other.stderr);
    assert.equal(created(env).length, 2);
  });

  test("what an interrupted run of another program left beside one is named", async () => {
    await using env = await environment();
    await using accounts = tempDir();
    const { program, recorder } = env;
    const host = new URL(recorder.directoryUrl).host.replace(":", "_");
    const home = join(accounts.path, host, "me@example.com");
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, ".acme-sidecar.commit"), "nonsense");
    const { code, stderr } = await program.issue(["a.test"], "--account_dir", accounts.path);
    assert.equal(code, 2);
    assert.ok(
      stderr.includes(`${home}/.acme-sidecar.commit is not what this program wrote`),
      stderr,
    );
    assert.deepEqual(created(env), []);
  });

  test("-f need not name the account's files, and every verb uses the shared account", async () => {
    await using env = await environment();
    await using accounts = tempDir();
    const { program } = env;
    const shared = ["--account_dir", accounts.path];
    const files = ["-f", "key.pem", "-f", "fullchain.pem"];
    const first = await program.issue(["a.test"], ...shared, ...files);
    assert.equal(first.code, 0, first.stderr);
    const email = ["--email", "me@example.com"];
    const shown = await program.run("account show", ...shared, ...email, "--json");
    assert.equal(shown.code, 0, shown.stderr);
    const include = await program.run("nginx", "--stateless", ...shared, ...email);
    const { thumbprint } = JSON.parse(shown.stdout) as { thumbprint: string };
    assert.ok(include.stdout.includes(thumbprint));
    const rolled = await program.run("account rollover", ...shared, ...email);
    assert.equal(rolled.code, 0, rolled.stderr);
    const next = await program.issue(["a.test"], "--force", ...shared, ...files);
    assert.equal(next.code, 0, next.stderr);
    assert.equal(created(env).filter(({ status }) => status === 201).length, 1);
    const revoked = await program.run("revoke", ...shared, ...email, ...files);
    assert.equal(revoked.code, 0, revoked.stderr);
    assert.ok(env.recorder.requests.at(-1)?.body?.protected["kid"]);
    assert.equal((await program.run("account deactivate", "--yes", ...shared, ...email)).code, 0);
  });

  test("each CA has its own account and key", async () => {
    await using one = await environment();
    await using two = await environment();
    await using accounts = tempDir();
    const shared = ["--account_dir", accounts.path];
    for (const { program } of [one, two])
      assert.equal((await program.issue(["a.test"], ...shared)).code, 0);
    const keys = readdirSync(accounts.path).map((host) =>
      readFileSync(join(accounts.path, host, "me@example.com", "account_key.json"), "utf8"),
    );
    assert.equal(new Set(keys).size, 2);
  });

  test("a folder that cannot be made is an error before the CA is asked for more than its directory and a nonce", async () => {
    await using env = await environment();
    const { code, stderr } = await env.program.issue(
      ["a.test"],
      ...["--account_dir", "/dev/null/accounts"],
    );
    assert.equal(code, 2);
    assert.match(stderr, /Cannot write to \/dev\/null\/accounts/);
    const { recorder } = env;
    assert.equal(recorder.count(), recorder.count("directory") + recorder.count("new-nonce"));
  });
});
