import assert from "node:assert/strict";
import { createServer } from "node:net";
import { readdirSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { makeBundle } from "../support/certificates.ts";
import { MAIN, runCli } from "../support/cli.ts";
import { portSkip } from "../support/knot.ts";
import { freePort, loopbackAddress } from "../support/ports.ts";
import { startProcess } from "../support/process.ts";
import { table } from "../support/table.ts";
import { tempDir } from "../support/temp.ts";
import { missing } from "../support/tools.ts";
import { startUnbound } from "../support/unbound.ts";
import { forwarded, said, type Setting, site, startSetting, verdicts, wordsOf } from "./setting.ts";

const [ours, other, folder] = [loopbackAddress(), loopbackAddress(), loopbackAddress()];
const [closed, bare, secure] = [loopbackAddress(), loopbackAddress(), loopbackAddress()];
const CLOCK = join(import.meta.dirname, "../fixtures/other-clock.ts");

const PUT =
  "Put the block that acme-sidecar nginx prints into the server block of this name on port 80, and reload it";

const RECORDS = `
good.check A ${ours}
other.check A ${other}
both.check A ${ours}
both.check A ${other}
text.check TXT "no address"
folder.check A ${folder}
closed.check A ${closed}
bare.check A ${bare}
secure.check A ${secure}
xn--bcher-kva.check A ${other}
www1.check A ${other}
www2.check A ${other}
good.shut A ${ours}
shut CAA 0 issue "other.example"
good.none A ${ours}
none CAA 0 issue ";"
good.allowed A ${ours}
allowed CAA 0 issue "Pebble.test; accounturi=https://a.example/1"
good.bydns A ${ours}
bydns CAA 0 issue "pebble.test; validationmethods=dns-01"
good.strange A ${ours}
strange CAA 128 tbs "unknown"
good.mail A ${ours}
mail CAA 0 iodef "mailto:me@a.test"
wild CAA 0 issue "pebble.test"
wild CAA 0 issuewild "other.example"
`;

describe(
  "check",
  { skip: missing("pebble", "nginx", "knotd", "unbound", "openssl") || (await portSkip()) },
  () => {
    let setting: Setting;
    const root = tempDir().path;
    before(async () => {
      const tls = expired(tempDir().path);
      setting = await startSetting(RECORDS, (listen) =>
        [
          site(ours, forwarded(listen)),
          site(other, "location / { return 200 other; }"),
          site(folder, `root ${root};`),
          site(closed, `root ${root}; location /.well-known { deny all; }`),
          site(bare, "location / { return 404; }"),
          site(secure, "return 301 https://$host$request_uri;"),
          `server { listen ${secure}:443 ssl; ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key}; ${forwarded(listen)} }`,
        ].join("\n"),
      );
    });
    after(() => setting[Symbol.asyncDispose]());

    test("a name that does not exist", async () => {
      const checked = await setting.check(["nowhere.check.test"]);
      assert.deepEqual(verdicts(checked), ["nowhere.check.test - no-name"]);
      assert.deepEqual(said(checked, "no-name"), [
        "nowhere.check.test does not exist in DNS. Add an A or AAAA record for it, or leave out the name.",
      ]);
      assert.equal(checked.code, 1);
    });

    test("a name without an address", async () => {
      assert.deepEqual(said(await setting.check(["text.check.test"]), "no-address"), [
        "text.check.test has neither an A nor an AAAA record in DNS. Add an A or AAAA record for it, or leave out the name.",
      ]);
    });

    test("no DNS server", async () => {
      const nobody = `127.0.0.1:${await freePort()}`;
      const words = setting.words.map((word) => (word === setting.dns ? nobody : word));
      const { stdout, code } = await runCli(["check", ...words, "-d", "good.check.test"]);
      assert.match(
        stdout,
        /DNS gives no answer for good\.check\.test: no DNS server can be reached\.\n {2}Check the name servers of its zone, for example with dig \+trace good\.check\.test\./,
      );
      assert.equal(code, 1);
    });

    test("wrong signatures in a zone, seen by a resolver that checks them", async () => {
      await using unbound = await startUnbound("test", setting.dns.replace(":", "@"));
      const words = setting.words.map((word) => (word === setting.dns ? unbound.address : word));
      const sentence =
        /The DNSSEC signatures of good\.check\.test are wrong or missing, so DNS servers that check them refuse to answer\.\n {2}Sign the zone again, or take out its DS record at the registrar\./;
      for (const dns of [[], ["--dns", "exec", "--dns_exec", "/bin/true"]]) {
        const { stdout, code } = await runCli(["check", ...words, ...dns, "-d", "good.check.test"]);
        assert.match(stdout, sentence);
        assert.equal(code, 1);
      }
    });

    test("an address that leads to somebody else, besides one that leads here", async () => {
      const checked = await setting.check(["both.check.test"]);
      assert.deepEqual(
        verdicts(checked).sort(),
        [`both.check.test ${ours} ok`, `both.check.test ${other} elsewhere`].sort(),
      );
      assert.deepEqual(said(checked, "elsewhere"), [
        `both.check.test leads to ${other}, where another server answers. Correct the A record, so that it leads to this server. If it does so already: ${PUT}.`,
      ]);
    });

    test("many names with one cause make one sentence, IDNs in both spellings", async () => {
      const all = ["other", "bücher", "www1", "www2", "good"].map((name) => `${name}.check.test`);
      const { stdout, code } = await runCli(["check", ...setting.words, ...wordsOf(all)]);
      assert.equal(
        stdout,
        table(
          ["other.check.test", other, "elsewhere"],
          ["bücher.check.test (xn--bcher-kva.check.test)", other, "elsewhere"],
          ["www1.check.test", other, "elsewhere"],
          ["www2.check.test", other, "elsewhere"],
          ["good.check.test", ours, "ok"],
        ) +
          `

elsewhere: other.check.test leads to ${other}, where another server answers. The same goes for bücher.check.test (xn--bcher-kva.check.test), www1.check.test, www2.check.test.
  Correct the A record, so that it leads to this server. If it does so already: ${PUT}.

The CA will most likely fail for 4 of 5 names. Correct what stands above, and check again.
`,
      );
      assert.equal(code, 1);
    });

    test("CAA records", async () => {
      const forbids = async (name: string) => said(await setting.check([name]), "caa-forbids");
      const remedy =
        "Add a CAA record that allows this CA, or choose a CA that is allowed with --server.";
      const sentence = (name: string, records: string) =>
        `CAA records forbid this CA to issue for ${name}: ${records}. ${remedy}`;
      for (const [name, records] of [
        ["good.shut.test", 'shut.test has "other.example"'],
        ["good.none.test", 'none.test has ";"'],
        ["good.bydns.test", 'bydns.test has "pebble.test; validationmethods=dns-01"'],
        ["good.strange.test", "strange.test has a critical one of a kind that no CA knows"],
      ] as const)
        assert.deepEqual(await forbids(name), [sentence(name, records)]);
      for (const name of ["good.allowed.test", "good.mail.test"]) {
        assert.deepEqual(await forbids(name), []);
      }
      const byDns = await setting.check(
        ["wild.test", "*.wild.test"],
        ...["--dns", "exec", "--dns_exec", "/bin/true"],
      );
      assert.deepEqual(said(byDns, "caa-forbids"), [
        sentence("*.wild.test", 'wild.test has "other.example"'),
      ]);
      assert.deepEqual(verdicts(byDns), ["wild.test - ok", "*.wild.test - caa-forbids"]);
    });

    test("a CA that does not answer is said, and is no failure", async () => {
      const nobody = `https://127.0.0.1:${await freePort()}/dir`;
      const words = setting.words.map((word) =>
        word === setting.pebble.directoryUrl ? nobody : word,
      );
      const { stdout, code } = await runCli(["check", ...words, "-d", "good.shut.test"]);
      assert.match(stdout, /^good\.shut\.test +\S+ +ok$/m);
      assert.match(
        stdout,
        /^ca-unreachable \(advice\): The CA at \S+ could not be reached: the connection was refused\.\n {2}Check --server and this host's network\. CAA records and the clock were not compared\.$/m,
      );
      assert.equal(code, 0);
    });

    test("a clock that is wrong", async () => {
      const argv = ["check", ...setting.words, "-d", "good.check.test"];
      const env = { NODE_OPTIONS: `--import ${CLOCK}`, AHEAD: String(3 * 3_600_000) };
      const { stdout, code } = await runCli(argv, { env });
      assert.match(
        stdout,
        /^clock-wrong \(advice\): The clock of this host differs from the CA's by 3 hours\.\n {2}Set the clock, for example with NTP: it decides when certificates are due\.$/m,
      );
      assert.equal(code, 0);
    });

    test("a port that is taken", async () => {
      await using taken = createServer().listen(Number(setting.listen.split(":")[1]), "127.0.0.1");
      await once(taken, "listening");
      const checked = await setting.check(["good.check.test"]);
      assert.deepEqual(said(checked, "port-taken"), [
        `Something else listens on ${setting.listen}. If it is another run of this program, wait for its end. If it is the web server, listen elsewhere, such as on --listen 127.0.0.1:8888, and let it forward there: acme-sidecar nginx prints the block for that.`,
      ]);
      assert.deepEqual(verdicts(checked), ["good.check.test - port-taken"]);
      assert.equal(checked.code, 1);
    });

    test("redirect to https with an expired certificate", async () => {
      const checked = await setting.check(["secure.check.test"]);
      assert.deepEqual(said(checked, "https-certificate"), [
        `secure.check.test redirects the CA from ${secure} to https with a certificate that is not good (CERT_HAS_EXPIRED). Most CAs ignore this; to be sure, leave /.well-known/acme-challenge/ out of the redirect.`,
      ]);
      assert.equal(checked.code, 0);
    });

    test("a webroot: its probe is found, and nothing stays there", async () => {
      const checked = await setting.check([`folder.check.test:${root}`, `bare.check.test:${root}`]);
      assert.deepEqual(verdicts(checked), [
        `folder.check.test ${folder} ok`,
        `bare.check.test ${bare} elsewhere`,
      ]);
      assert.deepEqual(readdirSync(root), []);
      const closedOff = await setting.check([`closed.check.test:${root}`]);
      assert.deepEqual(said(closedOff, "locked"), [
        `The web server at ${closed} forbids access to closed.check.test (status 403). Write auth_basic off and allow all into the location of /.well-known/acme-challenge/, and let the web server read the folder.`,
      ]);
      const absent = await setting.check([`bare.check.test:${root}`]);
      assert.deepEqual(said(absent, "not-found"), [
        `The web server at ${bare} answers 404 for bare.check.test, so the CA would not find the file. Let the web server serve /.well-known/acme-challenge/ for this name from the folder that -d or --default_root names; if ${bare} is not this server, correct the A record.`,
      ]);
      assert.deepEqual(readdirSync(root), []);
    });

    test("a webroot that is a file", async () => {
      const checked = await setting.check([`folder.check.test:/dev/null`]);
      const [sentence = ""] = said(checked, "webroot-unwritable");
      assert.match(
        sentence,
        /^Cannot write the answer for folder\.check\.test to \/dev\/null\/\.well-known\/acme-challenge\/TOKEN: .+\. Check that the folder is mounted and that this user may write to it\.$/,
      );
    });

    test("by DNS: a zone whose name servers do not answer at all, or not this host", async () => {
      const nobody = loopbackAddress();
      const byDns = ["--dns", "exec", "--dns_exec", "/bin/true"];
      await using lost = await startSetting(`gone NS ns.gone\nns.gone A ${nobody}`);
      await using unbound = await startUnbound("test", lost.dns.replace(":", "@"), {
        signed: false,
      });
      const words = lost.words.map((word) => (word === lost.dns ? unbound.address : word));
      const argv = ["check", ...words, ...byDns, "-d", "a.gone.test"];
      const { stdout, code } = await runCli(argv);
      assert.match(
        stdout,
        /^dns-failed: DNS gives no answer for a\.gone\.test: (its name servers fail \(SERVFAIL\)|no DNS server answers in time)\.\n {2}Check the name servers of its zone, for example with dig \+trace a\.gone\.test\.$/m,
      );
      assert.equal(code, 1);

      await using hidden = await startSetting("", undefined, [nobody]);
      const checked = await hidden.check(["a.check.test"], ...byDns);
      assert.deepEqual(said(checked, "no-zone"), [
        "The name servers of the zone of a.check.test do not answer this host, although other DNS servers know the zone. Let this host reach port 53 of other hosts, or name DNS servers with --dns_resolvers.",
      ]);
      assert.equal(checked.code, 0);
    });

    test("a signal ends it, and the probe goes", async () => {
      await using silent = createServer((socket) => socket.on("error", () => undefined).resume());
      silent.listen(80, loopbackAddress());
      await once(silent, "listening");
      const { address } = silent.address() as { address: string };
      await using slow = await startSetting(`slow.check A ${address}`);
      const argv = ["check", ...slow.words, "-d", `slow.check.test:${root}`];
      await using child = await startProcess(process.execPath, [MAIN, ...argv]);
      await once(silent, "connection");
      assert.equal(readdirSync(root).length, 1);
      child.kill("SIGTERM");
      assert.deepEqual(await child.exited, { code: 143, signal: null });
      assert.deepEqual(readdirSync(root), []);
    });
  },
);

/** A certificate that has expired, and its key. */
function expired(dir: string) {
  const [cert, key] = [join(dir, "cert.pem"), join(dir, "key.pem")];
  const made = makeBundle({ names: ["secure.check.test"], days: -1 });
  writeFileSync(cert, made.leaf.toString());
  writeFileSync(key, made.key.export({ type: "pkcs8", format: "pem" }));
  return { cert, key };
}
