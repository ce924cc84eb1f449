import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "../../src/cli/parse.ts";

const DNS = ["--dns", "exec", "--dns_exec", "set-txt"];

function method(...argv: string[]) {
  const request = parse({ argv, env: {}, cwd: "/certs", version: "1.2.3" });
  assert.ok(request.verb === "issue");
  return request.wish.target.ask.method;
}

const refused = (argv: string[], message: RegExp) => {
  assert.throws(() => method(...argv), { code: "usage", message });
};

describe("names and dns-01", () => {
  test("a wildcard takes --dns", () => {
    refused(["-d", "*.a.test"], /\*\.a\.test: .*--dns exec --dns_exec/);
    refused(["-d", "*.a.test:/srv"], /validated by DNS/);
    refused(["-d", "*.a.test", "--stateless"], /validated by DNS/);
    assert.equal(method("-d", "*.a.test", "-d", "a.test", ...DNS).kind, "dns");
  });

  test("an IP address goes without --dns", () => {
    for (const address of ["192.0.2.7", "::1", "[2001:db8::1]"]) {
      assert.equal(method("-d", address).kind, "standalone");
      refused(["-d", "a.test", "-d", address, ...DNS], /IP address.*DNS/);
    }
  });

  test("a star stands for a whole first part only", () => {
    for (const name of ["*", "*.", "a.*.test", "*a.test", "*.*.test"])
      refused(["-d", name, ...DNS], /-d/);
  });
});

describe("the options of dns-01", () => {
  test("a program, two minutes for it, and the authoritative servers", () => {
    assert.deepEqual(method("-d", "a.test", ...DNS), {
      kind: "dns",
      provider: { kind: "exec", script: "/certs/set-txt" },
      propagation: { timeout: 120_000, wait: undefined, resolvers: [] },
    });
  });

  test("times are seconds, and none to wait is not the same as nothing said", () => {
    const words = ["--dns_timeout", "5", "--dns_wait", "0"];
    const found = method("-d", "a.test", ...DNS, ...words);
    assert.ok(found.kind === "dns");
    assert.deepEqual([found.propagation.timeout, found.propagation.wait], [5_000, 0]);
    refused(["-d", "a.test", ...DNS, "--dns_timeout", "0"], /--dns_timeout 0/);
    refused(["-d", "a.test", ...DNS, "--dns_wait", "9999999999"], /86400/);
  });

  test("servers by name or address, with a port or without", () => {
    const servers: [string, string, number][] = [
      ["192.0.2.1", "192.0.2.1", 53],
      ["192.0.2.1:5353", "192.0.2.1", 5353],
      ["ns1.example:54", "ns1.example", 54],
      ["ab:54", "ab", 54],
      ["2001:db8::1", "2001:db8::1", 53],
      ["[2001:db8::1]:54", "2001:db8::1", 54],
    ];
    const words = servers.flatMap(([text]) => ["--dns_resolvers", text]);
    const found = method("-d", "a.test", ...DNS, ...words);
    assert.ok(found.kind === "dns");
    assert.deepEqual(
      found.propagation.resolvers,
      servers.map(([, host, port]) => ({ host, port })),
    );
    for (const text of [":53", "a:0", "a:70000", "[x]:53", "tls://1.1.1.1"])
      refused(["-d", "a.test", ...DNS, `--dns_resolvers=${text}`], /--dns_resolvers/);
  });

  test("what does not go together is refused", () => {
    refused(["-d", "a.test", "--dns", "exec"], /needs a program/);
    refused(["-d", "a.test", "--dns_exec", "set-txt"], /without --dns/);
    refused(["-d", "a.test", "--dns", "route53"], /this value is unknown/);
    refused(["-d", "a.test", ...DNS, "--stateless"], /does not work with --dns/);
  });
});
