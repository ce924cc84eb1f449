import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDokku } from "../../src/cli/dokku.ts";
import { readLegoArgs } from "../../src/cli/lego-args.ts";
import { DAY, SECOND } from "../../src/time.ts";
import { givenOf } from "../support/words.ts";

type Properties = Record<string, string>;

/** What one app wants that has these properties. */
function wish(own: Properties, common: Properties = {}) {
  const input = {
    "--global": common,
    blog: { "+domains": "blog.test www.blog.test", email: "a@b.test", ...own },
  };
  const options = { account_dir: "/accounts" };
  const [wished] = parseDokku(givenOf(options, "/certs"), options).read(JSON.stringify(input));
  assert.ok(wished !== undefined);
  return wished;
}

function target(own: Properties, common?: Properties) {
  const wished = wish(own, common);
  assert.ok("target" in wished, "error" in wished ? String(wished.error) : "");
  return wished.target;
}

function refusal(own: Properties): string {
  const wished = wish(own);
  assert.ok("error" in wished);
  return `${wished.error.message} ${wished.error.hint ?? ""}`;
}

test("an app has a folder of its own, the shared accounts, and the pair that nginx needs", () => {
  const { id, want, ask, keep } = target({});
  assert.equal(id, "blog");
  assert.deepEqual(want.names, ["blog.test", "www.blog.test"]);
  assert.deepEqual(ask.account.contact, ["a@b.test"]);
  assert.deepEqual(ask.from, ["https://acme-v02.api.letsencrypt.org/directory"]);
  assert.equal(ask.method.kind, "standalone");
  assert.equal(keep.dir, "/certs/blog");
  assert.equal(ask.account.dir, "/accounts");
  assert.deepEqual(keep.formats, ["key.pem", "fullchain.pem"]);
});

test("an app's own property counts before the one for all", () => {
  assert.deepEqual(target({}, { email: "all@b.test" }).ask.account.contact, ["a@b.test"]);
  const { want } = target({ graceperiod: "60" }, { graceperiod: "90", "key-type": "rsa2048" });
  assert.equal(want.validAtLeast, 60 * SECOND);
  assert.deepEqual(want.key, { rsa: 2048 });
});

test("names that fail may be missing if an app's property is true", () => {
  assert.equal(target({}).want.allowPartial, false);
  assert.equal(target({ "allow-partial": "true" }).want.allowPartial, true);
  assert.equal(
    target({ "allow-partial": "false" }, { "allow-partial": "true" }).want.allowPartial,
    false,
  );
});

test("without a grace period the certificate's life decides", () => {
  assert.equal(target({}).want.validAtLeast, undefined);
  assert.equal(target({}).want.nextRun, DAY);
});

test("server is default, staging, a name or a URL, and ca is a list of them", () => {
  const from = (own: Properties) => target(own).ask.from;
  const staging = "https://acme-staging-v02.api.letsencrypt.org/directory";
  assert.deepEqual(from({ server: "staging" }), [staging]);
  assert.deepEqual(from({ server: "default" }), from({}));
  assert.deepEqual(from({ server: "https://ca.test/dir" }), ["https://ca.test/dir"]);
  assert.deepEqual(from({ ca: "letsencrypt-staging, https://ca.test/dir", server: "default" }), [
    staging,
    "https://ca.test/dir",
  ]);
});

test("a program answers by DNS, with what only it may know", () => {
  const { method } = target(
    { "dns-provider-EXEC_PROPAGATION_TIMEOUT": "30", "dns-provider-B": "b" },
    {
      "dns-provider": "exec",
      "dns-provider-EXEC_PATH": "/hook",
      "dns-provider-B": "all",
    },
  ).ask;
  assert.ok(method.kind === "dns");
  assert.deepEqual(method.provider, { kind: "exec", script: "/hook" });
  assert.equal(method.propagation.timeout, 30 * SECOND);
  assert.deepEqual(method.env, {
    EXEC_PATH: "/hook",
    EXEC_PROPAGATION_TIMEOUT: "30",
    B: "b",
  });
});

test("a provider for all is not for an app that says none", () => {
  const { method } = target(
    { "dns-provider": "none" },
    { "dns-provider": "exec", "dns-provider-EXEC_PATH": "/hook" },
  ).ask;
  assert.equal(method.kind, "standalone");
});

test("what cannot be understood is the error of its app alone", () => {
  const input = {
    good: { "+domains": "a.test", email: "a@b.test" },
    bad: { "+domains": "b.test", graceperiod: "soon" },
  };
  const options = { account_dir: "/accounts" };
  const wishes = parseDokku(givenOf(options, "/certs"), options).read(JSON.stringify(input));
  assert.deepEqual(
    wishes.map((each) => "target" in each),
    [true, false],
  );
  assert.match(refusal({ graceperiod: "soon" }), /^graceperiod soon: /);
  assert.match(refusal({ "dns-provider": "route53" }), /^dns-provider route53: /);
  assert.match(refusal({ "dns-provider": "exec" }), /dns-provider-EXEC_PATH/);
  assert.match(refusal({ "dns-provider": "exec", "dns-provider-EXEC_MODE": "RAW" }), /RAW/);
  assert.match(refusal({ "+domains": "*.blog.test" }), /wildcard/);
  assert.match(refusal({ "eab-kid": "1" }), /eab-hmac-key/);
});

test("a key of a binding that cannot be one is the app's error, in words of properties and without the key", () => {
  const own = { "eab-kid": "1", "eab-hmac-key": "not a key!" };
  assert.match(refusal(own), /^eab-hmac-key: it is neither base64url/);
  assert.ok(!refusal(own).includes("not a key"));
});

test("every mistake of an app is told, each by what it was written as", () => {
  const said = refusal({
    ...{ "key-type": "rsa1", graceperiod: "soon", ca: "letsencrypt,none" },
    "lego-args": "--dns.propagation-wait=x --must-staple --dns.resolvers a:0",
    "+domains": "*.a.test www.a.test",
    ...{ "dns-provider": "exec", "dns-provider-EXEC_MODE": "RAW" },
  });
  for (const part of [
    ...["key-type rsa1: ", "graceperiod soon: ", "ca none: "],
    ...["--dns.propagation-wait=x in lego-args: ", "--must-staple in lego"],
    ...["--dns.resolvers a:0 in lego-args: ", "domains www.a.test: *.a.test"],
    ...["dns-provider exec: ", "dns-provider-EXEC_PATH PROGRAM", "RAW"],
  ])
    assert.ok(said.includes(part), `${part} in ${said}`);
});

test("input that is no JSON object of objects is an error", () => {
  const { read } = parseDokku(givenOf({}, "/certs"), {});
  for (const text of ["", "[]", '{"a": 1}', "{"])
    assert.throws(() => read(text), { code: "usage" }, text);
});

test("arguments for lego are taken for what they mean here", () => {
  const line =
    "--dns.resolvers=a:53,b --dns.resolvers c --key-type EC384 --profile=short --preferred-chain X1 --dns.propagation-wait=1m30s --eab --kid k --hmac h --accept-tos --cert.timeout 45";
  const { options, unknown } = readLegoArgs(line);
  assert.deepEqual(options, {
    dns_resolvers: ["a:53", "b", "c"],
    key_type: "ec384",
    profile: "short",
    preferred_chain: "X1",
    dns_wait: "90",
    eab_kid: "k",
    eab_hmac_key: "h",
  });
  assert.deepEqual(unknown, []);
  assert.deepEqual(readLegoArgs("").options, {});
});

test("a wait for TXT records that is to be left out, or has no whole seconds, is taken too", () => {
  for (const flag of ["--dns.disable-cp", "--dns.propagation-disable-ans"])
    assert.deepEqual(readLegoArgs(flag).options, { dns_wait: "0" });
  for (const line of [
    "--dns.propagation-wait 1500ms --dns.disable-cp",
    "--dns.disable-cp --dns.propagation-wait 1500ms",
  ])
    assert.deepEqual(readLegoArgs(line).options, { dns_wait: "2" });
});

test("an app that cannot be a folder is refused by its name", () => {
  const input = { "../blog": { "+domains": "blog.test" } };
  const [wished] = parseDokku(givenOf({}, "/certs"), {}).read(JSON.stringify(input));
  assert.ok(wished !== undefined && "error" in wished);
  assert.match(wished.error.message, /\.\.\/blog: this is not an app's name/);
});

test("arguments for lego that mean nothing here are named", () => {
  assert.deepEqual(readLegoArgs("--tls --http.port :81").unknown, [
    '":81"',
    "--tls",
    "--http.port",
  ]);
  const wished = wish({ "lego-args": "--user-agent x" });
  assert.ok("target" in wished);
  assert.match(wished.warnings.join(), /--user-agent/);
});

test("must-staple is refused with the reason", () => {
  assert.match(refusal({ "lego-args": "--must-staple" }), /OCSP/);
});

test("properties of the plugin go before arguments for lego", () => {
  const { want } = target({
    "lego-args": "--key-type rsa2048",
    "key-type": "ec384",
  });
  assert.equal(want.key, "ec384");
});
