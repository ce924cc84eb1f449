import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "../../src/cli/parse.ts";
import { AppError } from "../../src/errors.ts";

const words = (...argv: string[]) => parse({ argv, env: {}, cwd: "/certs", version: "1.2.3" });

const refused = (message: RegExp, ...argv: string[]) => {
  assert.throws(
    () => words(...argv),
    (error: unknown) => {
      assert.ok(error instanceof AppError && error.code === "usage");
      assert.match(`${error.message} ${error.hint ?? ""}`, message);
      return true;
    },
  );
};

describe("commands of two words", () => {
  test("are understood with options after them", () => {
    const request = words("account", "show", "--json", "--certs_dir", "x");
    assert.ok(request.verb === "account show");
    assert.equal(request.output.answerJson, true);
    assert.equal(request.wish.account.keep.dir, "/certs/x");
  });

  test("need both words, and one that exists", () => {
    refused(/"account" is not a command.*Write one of account show, /, "account");
    refused(/"account" is not a command/, "account", "--json");
    refused(/"account sell" is not a command/, "account", "sell");
    refused(/"show" is not a command/, "show");
    refused(/"more" is neither an option nor a value of one/, "account", "show", "more");
  });

  test("help is shown for them as well", () => {
    for (const argv of [
      ["account", "--help"],
      ["account", "show", "-h"],
    ])
      assert.equal(words(...argv).verb, "help");
  });

  test("account deactivate needs --yes", () => {
    refused(/for ever.*--yes/, "account", "deactivate");
    const request = words("account", "deactivate", "--yes");
    assert.ok(request.verb === "account deactivate");
    assert.equal(request.wish.account.keep.dir, "/certs");
  });
});

describe("--account_dir", () => {
  test("takes the account's files out of the set", () => {
    const request = words("-d", "a.test", "--account_dir", "../accounts");
    assert.ok(request.verb === "issue");
    const { ask, keep } = request.wish.target;
    assert.equal(ask.account.dir, "/accounts");
    assert.deepEqual(keep.formats, ["key.pem", "cert.pem", "chain.pem", "fullchain.pem"]);
  });

  test("makes -f account_key.json superfluous, and nothing else", () => {
    const set = ["-d", "a.test", "-f", "key.pem", "-f", "fullchain.pem"];
    refused(/the account's key/, ...set);
    assert.equal(words(...set, "--account_dir", "/a").verb, "issue");
    refused(
      /the certificate's key/,
      ...["-d", "a.test", "--account_dir", "/a", "-f", "fullchain.pem"],
    );
  });
});
