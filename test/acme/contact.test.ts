import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type Environment, environment } from "../support/environment.ts";
import { problem } from "../support/exchange.ts";
import type { Sidecar } from "../support/sidecar.ts";
import { missing } from "../support/tools.ts";

interface Kept {
  uri: string;
  body: { contact?: string[] };
}

const kept = (program: Sidecar) => JSON.parse(program.read("account_reg.json")) as Kept;
const updates = ({ recorder }: Environment) =>
  recorder.requests.filter(({ kind }) => kind === "account").map(({ body }) => body?.payload);

describe("the contact of an account", { skip: missing("pebble"), concurrency: true }, () => {
  test("is sent when other addresses are given, with the next order, and once", async () => {
    await using env = await environment();
    const { program, recorder } = env;
    assert.equal((await program.issue(["a.test"])).code, 0);
    assert.deepEqual(kept(program).body.contact, ["mailto:me@example.com"]);
    const other = ["--email", "you@example.com,us@example.com"];
    const idle = await program.issue(["a.test"], ...other);
    assert.equal(idle.code, 1);
    assert.deepEqual(updates(env), []);
    for (const words of [other, other, ["--email", "us@example.com,you@example.com"]]) {
      const { code, stderr } = await program.issue(["a.test"], "--force", ...words);
      assert.equal(code, 0, stderr);
    }
    const contact = ["mailto:you@example.com", "mailto:us@example.com"];
    assert.deepEqual(updates(env), [{ contact }]);
    assert.deepEqual(kept(program).body.contact, contact);
    assert.equal(recorder.count("new-account"), 1);
    const shown = await program.run("account show", "--json");
    assert.deepEqual((JSON.parse(shown.stdout) as Kept["body"]).contact, contact);
  });

  test("is remembered of a CA that does not give it back", async () => {
    await using env = await environment();
    const { program, recorder } = env;
    for (const kind of ["new-account", "account"] as const)
      recorder.inject({
        kind,
        alter: ({ body }) => {
          const rest = {
            ...(JSON.parse(body) as object),
            contact: undefined,
          };
          return {
            body: JSON.stringify(rest),
            headers: { "content-length": [] },
          };
        },
      });
    for (const email of ["me", "you", "you"]) {
      const { code, stderr } = await program.issue(
        ["a.test"],
        ...["--force", "--email", `${email}@example.com`],
      );
      assert.equal(code, 0, stderr);
    }
    assert.equal(updates(env).length, 1);
  });

  test("stays as it is when none is given", async () => {
    await using env = await environment();
    const { program } = env;
    assert.equal((await program.issue(["a.test"])).code, 0);
    const listen = `127.0.0.1:${env.pebble.httpPort}`;
    const { code, stderr } = await program.run(
      "issue",
      ...["-d", "a.test", "--force", "--listen", listen],
    );
    assert.equal(code, 0, stderr);
    assert.deepEqual(updates(env), []);
  });

  test("that the CA refuses is one error, and the old one stays", async () => {
    await using env = await environment();
    const { program } = env;
    assert.equal((await program.issue(["a.test"])).code, 0);
    env.recorder.inject({
      kind: "account",
      answer: problem("invalidContact", 400),
      withNonce: true,
    });
    const { code, stderr } = await program.issue(
      ["a.test"],
      ...["--force", "--email", "you@example.com"],
    );
    assert.equal(code, 2);
    assert.equal(stderr.match(/ error: /g)?.length, 1, stderr);
    assert.match(stderr, /refused to change the contact.*--email/);
    assert.deepEqual(kept(program).body.contact, ["mailto:me@example.com"]);
  });

  test("is sent to an account that is found by its key", async () => {
    await using env = await environment();
    const { program } = env;
    assert.equal((await program.issue(["a.test"])).code, 0);
    rmSync(join(program.dir, "account_reg.json"));
    const { code, stderr } = await program.issue(
      ["a.test"],
      ...["--force", "--email", "you@example.com"],
    );
    assert.equal(code, 0, stderr);
    assert.deepEqual(kept(program).body.contact, ["mailto:you@example.com"]);
  });
});

describe(
  "an account that cannot be used as it is",
  { skip: missing("pebble"), concurrency: true },
  () => {
    test("changed terms are told with their address and where to agree", async () => {
      await using env = await environment();
      const { program } = env;
      assert.equal((await program.issue(["a.test"])).code, 0);
      const refusal = problem("userActionRequired", 403);
      env.recorder.inject({
        kind: "new-order",
        withNonce: true,
        answer: {
          ...refusal,
          headers: {
            ...refusal.headers,
            link: [
              '<https://localhost/dir>;rel="index"',
              '<https://ca.test/terms-2>;rel="terms-of-service"',
            ],
          },
          body: JSON.stringify({
            ...(JSON.parse(refusal.body) as object),
            instance: "https://ca.test/agree",
          }),
        },
      });
      const { code, stderr } = await program.issue(["a.test"], "--force");
      assert.equal(code, 2);
      assert.match(stderr, /userActionRequired/);
      assert.match(stderr, /terms .*https:\/\/ca\.test\/terms-2/);
      assert.match(stderr, /https:\/\/ca\.test\/agree.*run again/);
    });

    test("a deactivated account is told with how to get another", async () => {
      await using env = await environment();
      const { program } = env;
      assert.equal((await program.issue(["a.test"])).code, 0);
      const files = ["account_key.json", "account_reg.json"].map(
        (file) => [join(program.dir, file), program.read(file)] as const,
      );
      assert.equal((await program.run("account deactivate", "--yes")).code, 0);
      for (const [file, text] of files) writeFileSync(file, text);
      const { code, stderr } = await program.issue(["a.test"], "--force");
      assert.equal(code, 2);
      assert.equal(stderr.match(/ error: /g)?.length, 1, stderr);
      assert.match(stderr, /deactivated.*account deactivate --yes/);
    });
  },
);
