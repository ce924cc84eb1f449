import assert from "node:assert/strict";
import { createHmac, createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { bind, bindingMissing, otherAlgorithm, readMacKey } from "../../src/acme/binding.ts";
import { DIRECTORIES } from "../../src/acme/authorities.ts";
import { type Environment, environment } from "../support/environment.ts";
import { problem } from "../support/exchange.ts";
import { missing } from "../support/tools.ts";

describe("the key of a binding", () => {
  const bytes = Buffer.from("fbefbe00ff10fbefbe", "hex");

  test("is read as base64url and base64, with and without padding and white space", () => {
    const odd = Buffer.from("fbefbe00", "hex");
    for (const key of [bytes, odd])
      for (const text of [
        key.toString("base64"),
        key.toString("base64url"),
        `  ${key.toString("base64")}\n`,
        key.toString("base64").replace(/=+$/, ""),
      ])
        assert.deepEqual(readMacKey(text), key, text);
  });

  test("that cannot be one is refused, without showing it", () => {
    for (const [text, message] of [
      ["", /empty/],
      [" \n", /empty/],
      ["secret key", /neither/],
      ["se-cr+et", /neither/],
      ["secre", /not whole/],
    ] as const)
      assert.throws(
        () => readMacKey(text),
        (error: Error) => {
          assert.match(error.message, message);
          assert.ok(text.trim() === "" || !error.message.includes(text));
          return true;
        },
      );
  });

  test("signs the account's public key, for the address of newAccount, without a nonce", () => {
    const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    const macKey = randomBytes(32);
    const url = "https://ca.test/new-account";
    for (const [alg, hash] of [
      ["HS256", "sha256"],
      ["HS384", "sha384"],
      ["HS512", "sha512"],
    ] as const) {
      const jws = bind({ kid: "k", macKey }, { url, key, alg });
      const parsed = (part: string | undefined): unknown =>
        JSON.parse(Buffer.from(part ?? "", "base64url").toString());
      assert.deepEqual(parsed(jws["protected"]), { alg, kid: "k", url });
      assert.deepEqual(parsed(jws["payload"]), createPublicKey(key).export({ format: "jwk" }));
      assert.equal(
        jws["signature"],
        createHmac(hash, macKey)
          .update(`${jws["protected"]}.${jws["payload"]}`)
          .digest("base64url"),
      );
    }
  });

  test("is used with another algorithm only when the CA offers one that was not tried", () => {
    assert.equal(otherAlgorithm(["ES256", "HS512"], ["HS256"]), "HS512");
    assert.equal(otherAlgorithm(["HS256"], ["HS256"]), undefined);
    assert.equal(otherAlgorithm([], ["HS256"]), undefined);
  });
});

test("every CA with a name that asks for a binding has a page that tells how to get one", () => {
  for (const name of ["zerossl", "google", "google-staging", "sslcom", "actalis"]) {
    const { message, hint = "" } = bindingMissing(DIRECTORIES[name] ?? "");
    assert.match(message, /external account binding/);
    assert.match(hint, /https:\/\/\S+\).*--eab_kid.*--eab_hmac_key_file/);
  }
  const { message, hint } = bindingMissing("https://ca.test:14000/dir");
  assert.match(message, /ca\.test:14000/);
  assert.match(hint ?? "", /operator/);
});

describe("external account binding", { skip: missing("pebble"), concurrency: true }, () => {
  const macKey = randomBytes(64).toString("base64url");
  const eab = { "kid-1": macKey };
  const given = ["--eab_kid", "kid-1", `--eab_hmac_key=${macKey}`];
  const bound = (env: Environment) =>
    env.recorder.requests.filter(
      ({ body }) =>
        typeof body?.payload === "object" &&
        body.payload !== null &&
        "externalAccountBinding" in body.payload,
    );

  test("the account is bound, by a key in a file; later runs need it no more, and it appears nowhere", async () => {
    await using env = await environment({ eab });
    const { program, recorder } = env;
    const file = join(program.dir, "mac-key");
    writeFileSync(file, ` ${macKey}\n`, { mode: 0o600 });
    const first = await program.issue(
      ["a.test"],
      ...["--eab_kid", "kid-1", "--eab_hmac_key_file", file],
      ...["-v", "--log_format", "json"],
    );
    assert.equal(first.code, 0, first.stderr);
    assert.equal(recorder.steps(), 9);
    assert.equal(bound(env).length, 1);
    assert.ok(!`${first.stderr}${first.stdout}`.includes(macKey));
    const again = await program.issue(["a.test"], "--force");
    assert.equal(again.code, 0, again.stderr);
    assert.equal(recorder.count("new-account"), 1);
  });

  test("what a CA refuses of a bound account beside the binding is told as that", async () => {
    await using env = await environment({ eab });
    const answer = problem("invalidContact", 400);
    env.recorder.inject({ kind: "new-account", answer, withNonce: true });
    const { code, stderr } = await env.program.issue(["a.test"], ...given);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /invalidContact.*--email/);
    assert.doesNotMatch(stderr, /--eab/);
  });

  test("an account that is known is found by its key, with no binding, when its registration is gone", async () => {
    await using env = await environment({ eab });
    const { program } = env;
    const files = ["account_key.json", "key.pem", "fullchain.pem"].flatMap((file) => ["-f", file]);
    const first = await program.issue(["a.test"], ...files, ...given);
    assert.equal(first.code, 0, first.stderr);
    const again = await program.issue(["a.test"], "--force", ...files);
    assert.equal(again.code, 0, again.stderr);
    assert.equal(bound(env).length, 1);
  });

  test("a CA that requires it without one: an error that says what to give, before an account is asked for", async () => {
    await using env = await environment({ eab });
    const { program, recorder } = env;
    const { code, stderr } = await program.issue(["a.test"]);
    assert.equal(code, 2);
    assert.match(stderr, /CA at localhost:\d+.*external account binding/);
    assert.match(stderr, /--eab_kid and --eab_hmac_key_file/);
    assert.equal(recorder.count("new-account"), 0);
    // The key that was made is not known to the CA; it is still good for an account.
    const again = await program.issue(["a.test"]);
    assert.equal(again.code, 2);
    assert.match(again.stderr, /--eab_kid and --eab_hmac_key_file/);
    const bound = await program.issue(["a.test"], ...given);
    assert.equal(bound.code, 0, bound.stderr);
  });

  test("a binding that the CA refuses is one error, with its reason and without the key", async () => {
    await using env = await environment({ eab });
    const other = randomBytes(32).toString("base64url");
    for (const [kid, key] of [
      ["kid-2", macKey],
      ["kid-1", other],
    ] as const) {
      const { code, stderr } = await env.program.issue(
        ["a.test"],
        ...["--eab_kid", kid, `--eab_hmac_key=${key}`, "-v"],
      );
      assert.equal(code, 2);
      const errors = stderr.match(/ error: .*/g) ?? [];
      assert.equal(errors.length, 1, stderr);
      assert.match(
        errors.join(),
        /refused to register the account.*\(unauthorized\).*belong together/,
      );
      assert.ok(!stderr.includes(key));
    }
  });

  test("a CA that wants another algorithm gets one that it names", async () => {
    await using env = await environment({ eab });
    const refusal = problem("badSignatureAlgorithm", 400);
    env.recorder.inject({
      kind: "new-account",
      times: 1,
      withNonce: true,
      answer: {
        ...refusal,
        body: JSON.stringify({
          ...(JSON.parse(refusal.body) as object),
          algorithms: ["ES256", "HS512"],
        }),
      },
    });
    const { code, stderr } = await env.program.issue(["a.test"], ...given);
    assert.equal(code, 0, stderr);
    const algorithms = bound(env).map(({ body }) => {
      const { externalAccountBinding: jws } = body?.payload as {
        externalAccountBinding: { protected: string };
      };
      const head = Buffer.from(jws.protected, "base64url").toString();
      return (JSON.parse(head) as { alg: string }).alg;
    });
    assert.deepEqual(algorithms, ["HS256", "HS512"]);
  });

  test("a CA that requires none gets it when it is the only one that is named", async () => {
    await using env = await environment();
    const { program, recorder } = env;
    const refused = await program.issue(["a.test"], ...given);
    // Pebble does not know the key identifier, which shows that it was sent.
    assert.equal(refused.code, 2, refused.stderr);
    assert.equal(bound(env).length, 1);
    const { directoryUrl } = recorder;
    const both = await program.issue(
      ["a.test"],
      ...given,
      ...["--server", directoryUrl],
      ...["--server", directoryUrl.replace("/dir", "/other")],
    );
    assert.equal(both.code, 0, both.stderr);
    assert.equal(bound(env).length, 1);
  });

  test("a key that cannot be read is a usage error before anything is asked", async () => {
    await using env = await environment({ eab });
    const { program, recorder } = env;
    const empty = join(program.dir, "empty");
    writeFileSync(empty, "\n");
    for (const [words, message] of [
      [["--eab_hmac_key_file", "/nowhere"], /\/nowhere: it does not exist/],
      [["--eab_hmac_key_file", empty], /empty: it is empty/],
      [["--eab_hmac_key", "-a"], /--eab_hmac_key needs a value.*=VALUE if VALUE begins/],
      [["--eab_hmac_key", "not a key"], /--eab_hmac_key: it is neither/],
    ] as const) {
      const { code, stderr } = await program.issue(["a.test"], ...["--eab_kid", "kid-1", ...words]);
      assert.equal(code, 2);
      assert.match(stderr, message);
      assert.ok(!stderr.includes("not a key"));
    }
    assert.equal(recorder.count(), 0);
  });
});
