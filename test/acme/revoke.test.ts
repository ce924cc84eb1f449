import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { problem } from "../support/exchange.ts";
import { environment } from "../support/environment.ts";
import { snapshot } from "../support/sidecar.ts";
import { missing } from "../support/tools.ts";

const skip = missing("pebble");

describe("revocation", { skip, concurrency: true }, () => {
  test("by the account: three requests, no file changes, and a second time there is nothing to do", async () => {
    await using env = await environment();
    const { program, recorder } = env;
    assert.equal((await program.issue(["a.test"])).code, 0);
    const files = snapshot(program.dir);
    const before = recorder.requests.length;
    const first = await program.issue([], "--revoke");
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stderr, /a\.test is revoked/);
    assert.deepEqual(
      recorder.requests.slice(before).map(({ kind }) => kind),
      ["directory", "new-nonce", "revoke"],
    );
    assert.equal(snapshot(program.dir), files);
    const second = await program.issue([], "--revoke");
    assert.equal(second.code, 1, second.stderr);
    assert.match(second.stderr, /revoked before/);
  });

  test("the account is found by its key when its registration is gone, and is not written", async () => {
    await using env = await environment();
    const { program, recorder } = env;
    assert.equal((await program.issue(["a.test"])).code, 0);
    rmSync(join(program.dir, "account_reg.json"));
    const { code, stderr } = await program.issue([], "--revoke");
    assert.equal(code, 0, stderr);
    const asked = recorder.requests.findLast(({ kind }) => kind === "new-account");
    assert.deepEqual(asked?.body?.payload, { onlyReturnExisting: true });
    assert.throws(() => program.read("account_reg.json"), { code: "ENOENT" });
  });

  test("an account that the CA does not know is not created", async () => {
    await using env = await environment();
    await using other = await environment();
    const { program } = env;
    assert.equal((await program.issue(["a.test"])).code, 0);
    const { directoryUrl } = other.recorder;
    const { code, stderr } = await program.issue([], ...["--revoke", "--server", directoryUrl]);
    assert.equal(code, 2);
    assert.match(stderr, /error: .*find the account.*--server/);
    const payloads = other.recorder.requests
      .filter(({ kind }) => kind === "new-account")
      .map(({ body }) => body?.payload);
    assert.deepEqual(payloads, [{ onlyReturnExisting: true }]);
  });

  test("without an account, the certificate's key signs", async () => {
    await using env = await environment();
    const { program, recorder } = env;
    assert.equal((await program.issue(["a.test"])).code, 0);
    rmSync(join(program.dir, "account_key.json"));
    const accounts = recorder.count("new-account");
    const { code, stderr } = await program.issue([], "--revoke");
    assert.equal(code, 0, stderr);
    assert.equal(recorder.count("new-account"), accounts);
    assert.ok(recorder.requests.at(-1)?.body?.protected["jwk"]);
  });

  test("without an account and the certificate's key is an error before the CA is asked", async () => {
    await using env = await environment();
    const { program, recorder } = env;
    assert.equal((await program.issue(["a.test"])).code, 0);
    for (const file of ["account_key.json", "key.pem"]) rmSync(join(program.dir, file));
    const asked = recorder.count();
    const { code, stderr } = await program.issue([], "--revoke");
    assert.equal(code, 2);
    assert.match(stderr, /has no key to revoke with .*account_key\.json or the file with/);
    assert.equal(recorder.count(), asked);
  });

  test("a revocation whose answer got lost is a success", async () => {
    await using env = await environment();
    const { program, recorder } = env;
    assert.equal((await program.issue(["a.test"])).code, 0);
    recorder.inject({ kind: "revoke", times: 1, reset: "after" });
    const { code, stderr } = await program.issue([], "--revoke");
    assert.equal(code, 0, stderr);
    assert.equal(recorder.count("revoke"), 2);
  });

  test("what the CA says against it is told, and no certificate is an error before it is asked", async () => {
    await using env = await environment();
    const { program, recorder } = env;
    const none = await program.issue([], "--revoke");
    assert.equal(none.code, 2);
    assert.match(none.stderr, /no certificate/);
    assert.equal(recorder.count(), 0);

    assert.equal((await program.issue(["a.test"])).code, 0);
    recorder.inject({
      kind: "revoke",
      answer: problem("badRevocationReason", 400),
    });
    const refused = await program.issue([], "--revoke");
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /refused to revoke.*badRevocationReason/);

    writeFileSync(join(program.dir, "cert.pem"), "nonsense");
    const broken = await program.issue([], "revoke");
    assert.equal(broken.code, 2);
  });
});

describe("chains", { skip, concurrency: true }, () => {
  test("--use_alt_chain takes the CA's alternate, and beyond the last the usual one, with a warning", async () => {
    await using env = await environment({ alternateRoots: 2 });
    const { program } = env;
    const issuer = () => program.read("chain.pem");
    const rounds: string[] = [];
    for (const [chain, warning] of [
      ["0", false],
      ["1", false],
      ["2", false],
      ["3", true],
    ] as const) {
      const { code, stderr } = await program.issue(
        ["a.test"],
        ...["--force", "--use_alt_chain", chain],
      );
      assert.equal(code, 0, stderr);
      assert.equal(/no chain 3.*offers 2/.test(stderr), warning, stderr);
      rounds.push(issuer());
    }
    assert.equal(new Set(rounds.slice(0, 3)).size, 3);
    assert.equal(rounds[3], rounds[0]);
  });
});
