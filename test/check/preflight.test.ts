import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { runCli } from "../support/cli.ts";
import { portSkip } from "../support/knot.ts";
import { type Nginx, startNginx } from "../support/nginx.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { freePort, loopbackAddress } from "../support/ports.ts";
import { tempDir } from "../support/temp.ts";
import { missing } from "../support/tools.ts";
import { forwarded, site } from "./setting.ts";

const SENTENCE = (name: string) =>
  `warn: nginx at ${bare} answers 404 itself for ${name}, and does not ask this program. Put the block that acme-sidecar nginx prints into the server block of this name on port 80, and reload it; if ${bare} is not this server, correct the A record.`;
const [good, bare] = [loopbackAddress(), loopbackAddress()];

describe("--preflight", { skip: missing("pebble", "nginx") || (await portSkip()) }, () => {
  let pebble: Pebble;
  let lenient: Pebble;
  let nginx: Nginx;
  let listen = "";
  before(async () => {
    listen = `127.0.0.1:${await freePort()}`;
    pebble = await startPebble({ httpPort: 80 });
    lenient = await startPebble({ alwaysValid: true });
    for (const ca of [pebble, lenient]) {
      for (const name of ["good.test", "too.test"]) await ca.dns.setA(name, [good]);
      for (const name of ["bare.test", "bare2.test"]) await ca.dns.setA(name, [bare]);
    }
    nginx = await startNginx(
      site(good, forwarded(listen)) + site(bare, "location / { return 404; }"),
    );
  });
  after(async () => {
    for (const each of [nginx, pebble, lenient]) await each[Symbol.asyncDispose]();
  });

  const run = (ca: Pebble, [verb = "", ...words]: string[], input = "") =>
    runCli(
      [
        ...[
          verb,
          ...words,
          "--server",
          ca.directoryUrl,
          "--ca_bundle",
          ca.caFile,
          "--listen",
          listen,
        ],
        ...["--preflight", "--dns_resolvers", ca.dns.address],
      ],
      { input },
    );
  const told = (stderr: string) =>
    stderr
      .split("\n")
      .filter((line) => /^\S+ warn/.test(line))
      .map((line) => line.replace(/^\S+ /, ""));

  test("a good name is issued without a word, and the probe is no question of the CA", async () => {
    await using dir = tempDir();
    const words = ["issue", "--certs_dir", dir.path, "-d", "good.test"];
    const first = await run(pebble, words);
    assert.equal(first.code, 0, first.stderr);
    assert.deepEqual(told(first.stderr), []);
    assert.equal(first.stderr.match(/The CA has asked for good\.test/g)?.length, 1);

    const asked = (await nginx.accessLog()).length;
    const again = await run(pebble, words);
    assert.equal(again.code, 1);
    assert.equal((await nginx.accessLog()).length, asked);
  });

  test("it warns before the CA fails", async () => {
    await using dir = tempDir();
    const { code, stderr } = await run(pebble, [
      "issue",
      "--certs_dir",
      dir.path,
      "-d",
      "bare.test",
    ]);
    assert.equal(code, 2);
    assert.deepEqual(told(stderr), [SENTENCE("bare.test")]);
    assert.ok(stderr.indexOf("answers 404 itself") < stderr.indexOf("Created the account"));
  });

  test("it never stops a run that would go well", async () => {
    await using dir = tempDir();
    const { code, stderr } = await run(lenient, [
      "issue",
      "--certs_dir",
      dir.path,
      "-d",
      "bare.test",
    ]);
    assert.equal(code, 0);
    assert.deepEqual(told(stderr), [SENTENCE("bare.test")]);
  });

  test("nor does a check that cannot be made", async () => {
    await using dir = tempDir();
    const { code, stderr } = await runCli([
      ...["issue", "--certs_dir", dir.path, "-d", "bare.test", "--listen", listen, "--preflight"],
      ...["--server", lenient.directoryUrl, "--ca_bundle", lenient.caFile],
      ...["--dns_resolvers", "nowhere.invalid"],
    ]);
    assert.equal(code, 0);
    assert.match(
      told(stderr).join("\n"),
      /^warn: The check before asking the CA failed: The DNS server nowhere\.invalid cannot be found: .+$/,
    );
  });

  test("batch tells a cause once, in JSON for every target; renew checks as well", async () => {
    await using dir = tempDir();
    const targets = ["bare.test", "bare2.test", "good.test"].map((names) => ({ names }));
    const input = JSON.stringify({ targets });
    const words = ["--certs_dir", dir.path];
    const { code, stderr } = await run(lenient, ["batch", "-", ...words], input);
    assert.equal(code, 0, stderr);
    const [first = "", ...more] = told(stderr);
    assert.deepEqual(more, []);
    assert.match(first, /^warn: (bare2?\.test): nginx at \S+ answers 404 itself for \1, and does/);

    const lines = await runCli([
      ...["renew", dir.path, "--next_run", "400000000", "--preflight", "--log_format", "json"],
      ...["--ca_bundle", lenient.caFile],
    ]);
    const events = lines.stderr
      .split("\n")
      .filter((line) => line.includes('"event":"foreseen"'))
      .map((line) => JSON.parse(line) as { cause: string; names: string[]; level: string });
    // The system's DNS servers do not know these names.
    assert.deepEqual(
      new Set(events.flatMap(({ names }) => names)),
      new Set(["bare.test", "bare2.test", "good.test"]),
    );
  });
});
