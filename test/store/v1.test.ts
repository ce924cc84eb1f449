import assert from "node:assert/strict";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { readSecrets } from "../../src/commands/secrets.ts";
import { triage } from "../../src/core/many/triage.ts";
import { record } from "../../src/core/record.ts";
import { revive } from "../../src/core/revive.ts";
import { loadState } from "../../src/store/state.ts";
import { after, SECOND } from "../../src/time.ts";
import { runCli } from "../support/cli.ts";
import { tempDir } from "../support/temp.ts";

const WRITTEN = join(import.meta.dirname, "../fixtures/v1");
const CA = "https://localhost:22813/dir";

/** The files of version 1.0.0 in a folder of their own. */
function copy() {
  const dir = tempDir();
  cpSync(WRITTEN, dir.path, { recursive: true });
  const at = (...path: string[]) => join(dir.path, ...path);
  const state = (id: string) => readFileSync(at(id, ".acme-sidecar.json"), "utf8");
  return { at, state, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

describe("what version 1.0.0 wrote", () => {
  test("is what this version would record", () => {
    for (const id of ["own", "failed", "shared/shared.example"]) {
      const dir = join(WRITTEN, id);
      const { target } = loadState(dir);
      const draft = revive(target, { id, dir });
      assert.ok(draft !== undefined);
      assert.deepEqual(record(draft), target);
    }
  });

  test("says whose account a set has, and where", () => {
    const read = (id: string) => {
      const dir = join(WRITTEN, id);
      return revive(loadState(dir).target, { id, dir })?.ask.account;
    };
    const contact = ["me@example.com"];
    const own = { dir: undefined, contact, key: { rsa: 2048 }, binding: undefined };
    assert.deepEqual(read("own"), own);
    const shared = { ...own, dir: join(WRITTEN, "shared/accounts"), key: undefined };
    assert.deepEqual(read("shared/shared.example"), shared);
  });

  test("is shown by status, with the failure of the last run", async () => {
    await using files = copy();
    const { code, stdout } = await runCli(["status", "--json", "--certs_dir", files.at()]);
    assert.equal(code, 0);
    const rows = JSON.parse(stdout) as Record<string, unknown>[];
    const byId = new Map(rows.map((row) => [row["id"], row]));
    assert.deepEqual([...byId.keys()].sort(), ["failed", "own", "shared/shared.example"]);
    for (const row of rows)
      assert.deepEqual([row["recorded"], row["from"], row["profile"]], [true, CA, "long"]);
    assert.deepEqual(byId.get("own")?.["names"], ["own.example", "www.own.example"]);
    assert.deepEqual(byId.get("shared/shared.example")?.["source"], { file: "-", gone: false });
    const { origin, failure } = loadState(join(WRITTEN, "failed"));
    assert.equal(byId.get("failed")?.["next"], origin?.window?.pick.toISOString());
    const { code: why, count } = byId.get("failed")?.["failure"] as Record<string, unknown>;
    assert.deepEqual([why, count], [failure?.code, 1]);
  });

  test("is kept by issue and by renew, which ask nobody and change nothing of it", async () => {
    await using files = copy();
    const before = [files.state("own"), files.state("shared/shared.example")];
    const options = ["--server", CA, "--email", "me@example.com", "--profile", "long"];
    const issued = await runCli([
      ...["--certs_dir", files.at("own"), ...options, "--valid_min", "2592000", "--stateless"],
      ...["--account_key_size", "2048", "-d", "own.example", "-d", "www.own.example"],
    ]);
    assert.equal(issued.code, 1, issued.stderr);
    for (const id of ["own", "shared"]) {
      const { code, stderr } = await runCli(["renew", "--certs_dir", files.at(id)]);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /1 target: 0 issued, 1 kept, 0 failed/);
    }
    assert.deepEqual([files.state("own"), files.state("shared/shared.example")], before);
  });

  test("is waited for after a failure, as it was then", async () => {
    const dir = join(WRITTEN, "failed");
    const { target, failure } = loadState(dir);
    const draft = revive(target, { id: "failed", dir });
    assert.ok(failure !== undefined && draft !== undefined);
    const now = after(failure.at, SECOND);
    const seen = await triage(await readSecrets(draft), { now, retry: false });
    assert.ok("ended" in seen && seen.ended.kind === "failed");
    assert.deepEqual(seen.ended.error.retryAfter, failure.next);
  });

  test("has accounts that are shown without a look at the CA", async () => {
    await using files = copy();
    const options = ["--server", CA, "--email", "me@example.com", "--json"];
    const show = async (...where: string[]) => {
      const { code, stdout, stderr } = await runCli(["account", "show", ...options, ...where]);
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout) as Record<string, unknown>;
    };
    const uriIn = (...path: string[]) =>
      (JSON.parse(readFileSync(files.at(...path, "account_reg.json"), "utf8")) as { uri: string })
        .uri;
    const own = await show("--certs_dir", files.at("own"));
    assert.deepEqual([own["uri"], own["key"]], [uriIn("own"), "rsa2048"]);
    const shared = await show("--account_dir", files.at("shared/accounts"));
    const uri = uriIn("shared/accounts/localhost_22813/me@example.com");
    assert.deepEqual([shared["uri"], shared["contact"]], [uri, ["mailto:me@example.com"]]);
  });
});
