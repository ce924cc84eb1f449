import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { makeBundle } from "../support/certificates.ts";
import { runCli } from "../support/cli.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { certsDir, rsaAccount, simpLeFiles } from "../support/simp_le.ts";
import { missing } from "../support/tools.ts";
import { many } from "./setting.ts";

interface Row {
  id: string;
  names: string[];
  from?: string;
  recorded: boolean;
  notAfter?: string;
  next?: string;
  why?: string;
  flaw?: string;
  failure?: { count: number; message: string };
}

const rowsOf = (text: string) => JSON.parse(text) as Row[];

describe("status", { skip: missing("pebble"), concurrency: 4 }, () => {
  let pebble: Pebble;
  before(async () => {
    pebble = await startPebble({ blocklist: ["blocked.test"] });
  });
  after(() => pebble[Symbol.asyncDispose]());

  test("shows each set, the most urgent first, and asks no CA", async () => {
    await using env = await many(pebble, 2);
    const [a = "", b = ""] = env.names;
    const targets = [
      { id: "a", names: [a] },
      { id: "b", names: [b], valid_min: 60 },
      { id: "bad", names: ["x.blocked.test"], profile: "tiny" },
    ];
    assert.equal((await env.batch(targets)).code, 2);
    const { key, leaf, chain } = makeBundle({ names: ["other.test"], days: 9 });
    mkdirSync(env.at("sub", "taken"), { recursive: true });
    for (const [file, data] of Object.entries(simpLeFiles({ key, leaf, chain }, rsaAccount())))
      writeFileSync(env.at("sub", "taken", file), data);

    const asked = env.recorder.count();
    const { code, stdout, stderr } = await env.verb(["status", "--json"]);
    assert.equal(code, 0, stderr);
    assert.equal(env.recorder.count(), asked);
    const rows = rowsOf(stdout);
    assert.deepEqual(
      rows.map(({ id }) => id),
      ["bad", "sub/taken", "a", "b"],
    );
    const row = (id: string) => {
      const found = rows.find((each) => each.id === id);
      assert.ok(found);
      return found;
    };
    assert.deepEqual(
      ["bad", "sub/taken", "a", "b"].map((id) => [row(id).recorded, row(id).why, row(id).names[0]]),
      [
        [true, "missing", "x.blocked.test"],
        [false, "lifetime", "other.test"],
        [true, "window", a],
        [true, "valid-min", b],
      ],
    );
    assert.equal(row("a").from, env.recorder.directoryUrl);
    assert.equal(row("bad").failure?.count, 1);
    assert.match(row("bad").failure?.message ?? "", /profile|blocked/);

    const table = await env.verb(["status"]);
    assert.equal(table.code, 0);
    const lines = table.stdout.trimEnd().split("\n");
    assert.equal(lines.length, 5);
    assert.match(lines[0] ?? "", /^ID +NAMES +CA +PROFILE +ENDS +RENEWAL +WHY +LAST FAILURE$/);
    assert.match(lines[1] ?? "", /^bad +x\.blocked\.test .* due +there is none yet +1 x, /);
    assert.match(lines[2] ?? "", /^sub\/taken +other\.test .* not recorded /);
  });

  test("a set that cannot be used is shown as broken, with the reason", async () => {
    await using env = await many(pebble, 2);
    const [a = "", b = ""] = env.names;
    assert.equal((await env.batch([a, b])).code, 0);
    writeFileSync(env.at(a, "cert.pem"), "nonsense");
    rmSync(env.at(b, "key.pem"));
    const rows = rowsOf((await env.verb(["status", "--json"])).stdout);
    assert.match(rows.find(({ id }) => id === a)?.flaw ?? "", /cert\.pem/);
    assert.equal(rows.find(({ id }) => id === b)?.why, "incomplete");
    assert.match((await env.verb(["status"])).stdout, /broken .*cert\.pem/);
  });
});

test("the set in the folder itself has the first of its names", async () => {
  await using certs = certsDir(simpLeFiles(makeBundle(), rsaAccount()));
  const { code, stdout } = await runCli(["status", certs.path]);
  assert.equal(code, 0);
  assert.match(stdout, /^a\.test +a\.test /m);
  const empty = join(certs.path, "empty");
  mkdirSync(empty);
  assert.match((await runCli(["status", empty])).stdout, /There is no certificate in/);
  assert.equal((await runCli(["status", join(certs.path, "none")])).code, 2);
});
