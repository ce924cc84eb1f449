import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { makeBundle } from "../support/certificates.ts";
import { missing } from "../support/tools.ts";
import {
  filesIn,
  goOn,
  imageOf,
  importFrom,
  only,
  put,
  type Setting,
  startSetting,
} from "./setting.ts";

const skip = missing("pebble", "certbot");

describe("what certbot left", { skip }, () => {
  let setting: Setting;
  /** Has an account, and certificates a.test (RSA; www.a.test too) and b.test (EC). */
  let certbot: string;
  /** The same without certificates, and with a second account at another CA. */
  let accounts: string;
  const webroot = ["certonly", "--webroot", "-w"];
  before(async () => {
    setting = await startSetting();
    certbot = await setting.folder();
    const root = [...webroot, await setting.folder()];
    await setting.certbot(
      certbot,
      ...[...root, "-d", "a.test", "-d", "www.a.test", "--key-type", "rsa"],
      ...["--email", "me@a.test"],
    );
    await setting.certbot(certbot, ...root, "-d", "b.test", "--key-type", "ecdsa");
    accounts = await setting.copyOf(certbot);
    for (const gone of ["live", "archive", "renewal"])
      await rm(join(accounts, gone), { recursive: true });
    await setting.certbot(
      accounts,
      ...["register", "--email", "me@b.test"],
      ...["--server", setting.pebble.directoryUrl],
    );
  });
  after(async () => {
    await setting[Symbol.asyncDispose]();
  });

  const refused = async (from: string, message: RegExp, ...more: string[]): Promise<void> => {
    const into = await setting.folder();
    const { code, stderr } = await importFrom(from, into, ...more);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
    assert.deepEqual(filesIn(into), []);
  };

  for (const [name, kind] of [
    ["a.test", "RSA"],
    ["b.test", "EC"],
  ] as const)
    test(`a certificate with an ${kind} key, and its account, are taken over, used and renewed`, async () => {
      const into = await setting.folder();
      const image = imageOf(certbot);
      const { code, stderr, stdout } = await importFrom(...[certbot, into, "-d", name]);
      assert.equal(code, 0, stderr);
      assert.equal(stdout, "");
      const live = (file: string) => readFile(join(certbot, "live", name, file));
      const here = (file: string) => readFile(join(into, file));
      assert.deepEqual(await here("fullchain.pem"), await live("fullchain.pem"));
      const key = createPrivateKey(await here("key.pem"));
      assert.ok(key.equals(createPrivateKey(await live("privkey.pem"))));
      const { uri } = JSON.parse(
        await readFile(only(certbot, "accounts/*/*/*/regr.json"), "utf8"),
      ) as { uri: string };
      assert.ok(stderr.includes(uri), stderr);
      assert.match(stderr, /good until 20\d\d-/);

      const deaf = await goOn(setting, stderr, "--valid_min", "0");
      assert.equal(deaf.code, 1, deaf.stderr);
      assert.equal(deaf.requests, 0);
      // The CA is asked once whether it has wishes for the certificate.
      for (const requests of [2, 0]) {
        const idle = await goOn(setting, stderr);
        assert.equal(idle.code, 1, idle.stderr);
        assert.equal(idle.requests, requests);
      }

      const again = await goOn(setting, stderr, "--force");
      assert.equal(again.code, 0, again.stderr);
      assert.ok(again.requests > 0);
      assert.equal(again.newAccounts, 0);
      const renewed = new X509Certificate(await here("cert.pem"));
      assert.equal(renewed.publicKey.asymmetricKeyType, kind.toLowerCase());
      assert.notDeepEqual(await here("cert.pem"), await live("cert.pem"));
      assert.equal(imageOf(certbot), image, "certbot's folder changed");
    });

  // Those above count the requests of one run, so they run alone.
  describe("is imported as a whole or not at all", { concurrency: 4 }, () => {
    test("any name of a certificate finds it", async () => {
      const into = await setting.folder();
      const { code, stderr } = await importFrom(certbot, into, "-d", "WWW.a.test");
      assert.equal(code, 0, stderr);
      assert.match(stderr, /-d a\.test -d www\.a\.test$/m);
    });

    test("of several certificates one has to be named, and one that is there", async () => {
      await refused(certbot, /several certificates\. Choose .* -d: a\.test, b\.test/);
      await refused(
        certbot,
        /no certificate for c\.test\. Choose .*: a\.test, b\.test/,
        "-d",
        "c.test",
      );
      await refused(
        ...([
          certbot,
          /no certificate for a\.test, b\.test/,
          "-d",
          "a.test",
          "-d",
          "b.test",
        ] as const),
      );
    });

    test("the only certificate need not be named", async () => {
      const one = await setting.copyOf(certbot);
      await rm(join(one, "live/b.test"), { recursive: true });
      const into = await setting.folder();
      const { code, stderr } = await importFrom(
        one,
        into,
        "-f",
        "account_key.json",
        "-f",
        "full.pem",
      );
      assert.equal(code, 0, stderr);
      assert.deepEqual(filesIn(into), ["account_key.json", "full.pem"]);
      assert.match(stderr, /-f account_key\.json -f full\.pem --certs_dir \S+ -d a\.test/);
    });

    test("an account without certificates is taken over alone", async () => {
      const into = await setting.folder();
      const { code, stderr } = await importFrom(
        ...[accounts, into, "--server", setting.pebble.directoryUrl],
      );
      assert.equal(code, 0, stderr);
      assert.deepEqual(filesIn(into), ["account_key.json", "account_reg.json"]);
      assert.match(
        stderr,
        new RegExp(`Get a certificate with: .*${setting.pebble.directoryUrl}.* -d NAME$`, "m"),
      );
    });

    test("a name is of no use where there are accounts only", async () => {
      await refused(accounts, /Leave out -d to import the account/, "-d", "a.test");
    });

    test("of several accounts one has to be named by its CA", async () => {
      await refused(accounts, /several accounts\. .*: https:\S+ \(\w+\), https:/);
      await refused(
        ...([accounts, /no account at https:\/\/ca\.test/] as const),
        ...["--server", "https://ca.test/dir"],
      );
    });

    test("a certificate whose account is gone is taken over alone", async () => {
      const from = await setting.copyOf(certbot);
      await rm(join(from, "accounts"), { recursive: true });
      const into = await setting.folder();
      const { code, stderr } = await importFrom(from, into, "-d", "a.test");
      assert.equal(code, 0, stderr);
      assert.ok(!filesIn(into).includes("account_key.json"));
      assert.ok(stderr.includes(`--server ${setting.recorder.directoryUrl} `));
    });

    test("the account of a certificate is found behind a link that leads nowhere", async () => {
      const from = await setting.copyOf(certbot);
      const ca = only(from, "accounts/*");
      await rename(ca, join(from, "accounts/v01.test"));
      await mkdir(ca);
      await symlink("/etc/nowhere/accounts/v01.test/dir", join(ca, "dir"));
      const into = await setting.folder();
      const { code, stderr } = await importFrom(from, into, "-d", "a.test");
      assert.equal(code, 0, stderr);
      assert.ok(filesIn(into).includes("account_key.json"));
      assert.ok(stderr.includes(`--server ${setting.recorder.directoryUrl} `));
    });

    test("a certificate that has ended is taken over", async () => {
      const from = await setting.copyOf(certbot);
      const { key, leaf, chain } = makeBundle({ names: ["a.test"], days: 0 });
      const live = join(from, "live/a.test");
      await put(join(live, "privkey.pem"), key.export({ type: "pkcs8", format: "pem" }));
      await put(join(live, "cert.pem"), leaf.toString());
      await put(join(live, "chain.pem"), chain.join(""));
      const into = await setting.folder();
      const { code, stderr } = await importFrom(from, into, "-d", "a.test");
      assert.equal(code, 0, stderr);
      const renewed = await goOn(setting, stderr);
      assert.equal(renewed.code, 0, renewed.stderr);
    });

    const broken: [string, RegExp, (from: string) => Promise<void>][] = [
      [
        "a key that is gone",
        /live\/a\.test\/privkey\.pem cannot be imported: it does not exist/,
        (from) => rm(join(from, "archive/a.test/privkey1.pem")),
      ],
      [
        "a key that is none",
        /live\/a\.test\/privkey\.pem cannot be imported: it has no private key/,
        (from) => put(join(from, "archive/a.test/privkey1.pem"), "nonsense"),
      ],
      [
        "another certificate's key",
        /live\/a\.test\/cert\.pem cannot be imported: it belongs to another key/,
        async (from) => {
          const other = join(from, "archive/b.test/privkey1.pem");
          await rename(other, join(from, "archive/a.test/privkey1.pem"));
        },
      ],
      [
        "a chain of somebody else",
        /live\/a\.test\/cert\.pem cannot be imported: certificate 2 of its chain did not issue/,
        async (from) => {
          const [issuer] = makeBundle().chain;
          await put(join(from, "archive/a.test/chain1.pem"), String(issuer));
        },
      ],
      [
        "an account key that is not JSON",
        /private_key\.json cannot be imported: it is not JSON/,
        (from) => put(only(from, "accounts/*/*/*/private_key.json"), "{"),
      ],
      [
        "a registration without a URL",
        /regr\.json cannot be imported: it is not a registration/,
        (from) => put(only(from, "accounts/*/*/*/regr.json"), '{"body": {}}'),
      ],
    ];
    for (const [what, message, spoil] of broken)
      test(`${what} is named, and nothing is written`, async () => {
        const from = await setting.copyOf(certbot);
        await spoil(from);
        await refused(from, message, "-d", "a.test");
      });

    test("a broken certificate is not in the way of another", async () => {
      const from = await setting.copyOf(certbot);
      await put(join(from, "archive/b.test/cert1.pem"), "nonsense");
      const into = await setting.folder();
      const { code, stderr } = await importFrom(from, into, "-d", "www.a.test");
      assert.equal(code, 0, stderr);
    });

    test("a second import has nothing to do, and adds what has gone", async () => {
      const into = await setting.folder();
      await importFrom(certbot, into, "-d", "a.test");
      const all = filesIn(into);
      const image = imageOf(into);
      const second = await importFrom(certbot, into, "-d", "a.test");
      assert.equal(second.code, 1, second.stderr);
      assert.match(second.stderr, /Nothing to do: .* already\. Renew it with: /);
      assert.equal(imageOf(into), image);

      await rm(join(into, "account_key.json"));
      await rm(join(into, "fullchain.pem"));
      const third = await importFrom(certbot, into, "-d", "a.test");
      assert.equal(third.code, 0, third.stderr);
      assert.deepEqual(third.stderr.match(/Saving \S+/g), [
        "Saving account_key.json.",
        "Saving fullchain.pem.",
      ]);
      assert.deepEqual(filesIn(into), all);
    });

    test("another certificate or account in the folder is named, and stays", async () => {
      const into = await setting.folder();
      await importFrom(certbot, into, "-d", "a.test");
      const image = imageOf(into);
      const other = await importFrom(certbot, into, "-d", "b.test");
      assert.equal(other.code, 2);
      assert.match(other.stderr, /key\.pem in .* differs from the one to import.*--certs_dir/);
      const account = await importFrom(
        ...[accounts, into, "--server", setting.pebble.directoryUrl],
      );
      assert.equal(account.code, 2);
      assert.match(account.stderr, /account_key\.json in .* differs from the one to import/);
      assert.equal(imageOf(into), image);
    });

    test("--log_format json has the account and the command as fields", async () => {
      const into = await setting.folder();
      const { stderr } = await importFrom(
        ...[certbot, into, "-d", "b.test", "--log_format", "json"],
      );
      const last = JSON.parse(stderr.trim().split("\n").at(-1) ?? "") as Record<string, unknown>;
      assert.equal(last["event"], "imported");
      assert.equal(last["changed"], true);
      assert.match(String(last["account"]), /^https:/);
      assert.match(String(last["renewal"]), /^acme-sidecar --server .* -d b\.test$/);
    });
  });
});
