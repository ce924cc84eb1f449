import assert from "node:assert/strict";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { txtAt } from "../support/dns.ts";
import { mountSkip, withFile } from "../support/mounts.ts";
import { type NameServers, portSkip, startNameServers } from "../support/knot.ts";
import { MAIN } from "../support/cli.ts";
import { startPebble } from "../support/pebble.ts";
import { loopbackAddress } from "../support/ports.ts";
import { type Child, run, startProcess } from "../support/process.ts";
import { tempDir } from "../support/temp.ts";
import { findTool, missing } from "../support/tools.ts";

const skip =
  missing("pebble", "knotd", "nsupdate", "unshare") ||
  (await mountSkip("/etc/resolv.conf")) ||
  (await portSkip());

interface Setting extends AsyncDisposable {
  servers: NameServers;
  /** The program of docs/dns.md, for the first of the servers. */
  hook: string;
  /** Starts acme-sidecar with the first of the servers as the system's resolver. */
  start(...words: string[]): Promise<Child>;
}

async function setting(
  count: number,
  zone: { records?: string; named?: string[] } = {},
): Promise<Setting> {
  await using stack = new AsyncDisposableStack();
  const servers = stack.use(await startNameServers("zone.test", { count, ...zone }));
  const [first = ""] = servers.addresses;
  const pebble = stack.use(await startPebble({ dnsServer: `${first}:53` }));
  const { path: dir } = stack.use(tempDir());
  const hook = join(dir, "set-txt");
  const text = /```sh\n(#!\/bin\/sh\n[^`]*)```/.exec(readFileSync("docs/dns.md", "utf8"))?.[1];
  writeFileSync(hook, text ?? "");
  chmodSync(hook, 0o755);
  const conf = join(dir, "resolv.conf");
  writeFileSync(conf, `nameserver ${first}\n`);
  const moved = stack.move();
  return {
    ...{ servers, hook },
    start(...words) {
      const [command = "", ...args] = withFile("/etc/resolv.conf", conf);
      const bin = dirname(findTool("nsupdate") ?? "");
      return startProcess(
        command,
        [
          ...[...args, process.execPath, MAIN, "--server", pebble.directoryUrl],
          ...["--ca_bundle", pebble.caFile, "--certs_dir", dir],
          ...["--dns", "exec", "--dns_exec", hook, ...words],
        ],
        {
          env: {
            PATH: `${process.env["PATH"] ?? ""}:${bin}`,
            DNS_SERVER: first,
            DNS_KEY: servers.keyFile,
          },
        },
      );
    },
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

describe("with Knot DNS and the program of docs/dns.md", { skip, concurrency: 2 }, () => {
  test("a wildcard and its base name; the records are removed", async () => {
    await using s = await setting(1);
    await using child = await s.start("-d", "zone.test", "-d", "*.zone.test");
    assert.equal((await child.exited).code, 0, child.output());
    const [address = ""] = s.servers.addresses;
    assert.deepEqual(await txtAt(`${address}:53`, "_acme-challenge.zone.test"), []);
  });

  test("every authoritative server is asked, and the CA only when all have the record", async () => {
    await using s = await setting(2);
    const [one = "", two = ""] = s.servers.addresses;
    await using child = await s.start("-d", "a.zone.test");
    const [waiting] = await child.until(/Waiting up to .*/);
    assert.ok(waiting.includes(two), waiting);
    assert.ok(!waiting.includes(one), waiting);
    assert.doesNotMatch(child.output(), /is validating/);
    const fqdn = "_acme-challenge.a.zone.test";
    const [value = ""] = await txtAt(`${one}:53`, fqdn);
    await run("env", [
      ...[`DNS_SERVER=${two}`, `DNS_KEY=${s.servers.keyFile}`],
      ...[s.hook, "present", `${fqdn}.`, value],
    ]);
    assert.equal((await child.exited).code, 0, child.output());
    assert.doesNotMatch(child.output(), /still lack a TXT record/);
  });

  test("servers that never get the record are named, and the CA decides", async () => {
    await using s = await setting(2);
    const [, two = ""] = s.servers.addresses;
    await using child = await s.start("-d", "a.zone.test", "--dns_timeout", "1");
    assert.equal((await child.exited).code, 0, child.output());
    assert.match(
      child.output(),
      new RegExp(`ns1\\.zone\\.test \\(${two}\\) lacks _acme-challenge`),
    );
  });

  test("where the zone's own servers do not answer, the system's resolver is asked", async () => {
    const nobody = loopbackAddress();
    const records = "_acme-challenge.a CNAME x";
    await using s = await setting(1, { records, named: [nobody] });
    await using child = await s.start("-d", "a.zone.test", "--dns_timeout", "1");
    assert.equal((await child.exited).code, 0, child.output());
    assert.match(child.output(), /alias \(CNAME\) of x\.zone\.test/);
    assert.doesNotMatch(child.output(), /Cannot find out|still lack/);
  });

  test("a chain of CNAME records is followed, and a wildcard CNAME is not", async () => {
    const records = [
      "_acme-challenge.a CNAME x",
      "x CNAME y.sub",
      "y.sub A 127.0.0.1",
      "*.b CNAME elsewhere",
      "elsewhere A 127.0.0.1",
    ].join("\n");
    await using s = await setting(1, { records });
    await using child = await s.start("-d", "a.zone.test", "-d", "b.zone.test", "-v");
    assert.equal((await child.exited).code, 0, child.output());
    assert.match(child.output(), /alias \(CNAME\) of y\.sub\.zone\.test/);
    assert.match(child.output(), /present for _acme-challenge\.b\.zone\.test/);
  });
});
