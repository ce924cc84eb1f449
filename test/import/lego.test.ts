import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { missing } from "../support/tools.ts";
import {
  edit,
  filesIn,
  goOn,
  imageOf,
  importFrom,
  only,
  put,
  type Setting,
  startSetting,
} from "./setting.ts";

const skip = missing("pebble", "lego");
const LETS_ENCRYPT = "acme-v02.api.letsencrypt.org";

describe("what lego left", { skip }, () => {
  let setting: Setting;
  /** Has an account with an EC key, and certificates a.test (with www.a.test) and *.w.test. */
  let lego: string;
  /** Has one with an RSA key, and r.test, whose issuer is in a file of its own only. */
  let rsa: string;
  before(async () => {
    setting = await startSetting();
    lego = await setting.folder();
    rsa = await setting.folder();
    const webroot = ["--http", "--http.webroot", await setting.folder()];
    const key = ["--key-type", "rsa2048"];
    await setting.lego(lego, ...webroot, "-d", "a.test", "-d", "www.a.test", "run");
    await setting.lego(lego, "--dns", "exec", "--dns.disable-cp", "-d", "*.w.test", "run");
    await setting.lego(rsa, ...webroot, ...key, "-d", "r.test", "run", "--no-bundle");
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
  const accountOf = (dir: string) => only(dir, "accounts/*/*/account.json");

  /** Imports, then finds nothing due, then renews with the same account. */
  const takeOver = async (from: string, name: string) => {
    const into = await setting.folder();
    const image = imageOf(from);
    const { code, stderr } = await importFrom(from, into, "-d", name);
    assert.equal(code, 0, stderr);
    const files = join(from, "certificates");
    const leaf = async (file: string) => new X509Certificate(await readFile(file)).fingerprint256;
    const old = await leaf(join(files, `${name}.crt`));
    assert.equal(await leaf(join(into, "cert.pem")), old);
    const key = createPrivateKey(await readFile(join(into, "key.pem")));
    const kept = await readFile(join(files, `${name}.key`));
    assert.ok(key.equals(createPrivateKey(kept)));

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
    assert.notEqual(await leaf(join(into, "cert.pem")), old);
    assert.equal(imageOf(from), image, "lego's folder changed");
    return stderr;
  };

  test("a certificate and its EC account are taken over, used and renewed", async () => {
    const said = await takeOver(lego, "a.test");
    assert.match(said, /--server URL .*-d a\.test -d www\.a\.test$/m);
  });

  test("so they are with RSA keys and the issuer in a file of its own", async () => {
    await takeOver(rsa, "r.test");
  });

  test("so they are with an account of EC P-384", async () => {
    const dir = await setting.folder();
    await setting.lego(
      ...[dir, "--http", "--http.webroot", await setting.folder()],
      ...["--key-type", "ec384", "-d", "e.test", "run"],
    );
    await takeOver(dir, "e.test");
  });

  test("so they are from the layout of version 5", async () => {
    const five = await setting.copyOf(lego);
    const file = accountOf(five);
    const folder = dirname(file);
    const [key, id] = [only(folder, "keys/*.key"), "me@a.test"];
    await rename(key, join(folder, `${id}.key`));
    await rm(join(folder, "keys"), { recursive: true });
    const server = setting.recorder.directoryUrl;
    await edit(file, ({ email, registration }) => {
      const { body, uri } = registration as { body: object; uri: string };
      return {
        ...{ id, email, keyType: "EC256", server, origin: "migration" },
        registration: { ...body, accountURL: uri },
      };
    });
    const said = await takeOver(five, "a.test");
    assert.ok(said.includes(`--server ${server} `), said);
  });

  // Those above count the requests of one run, so they run alone.
  describe("is imported as a whole or not at all", { concurrency: 4 }, () => {
    test("a wildcard certificate is taken over, and renewed by DNS", async () => {
      const into = await setting.folder();
      const { code, stderr } = await importFrom(lego, into, "-d", "*.w.test");
      assert.equal(code, 0, stderr);
      assert.match(stderr, /Renew it with.* --dns exec --dns_exec PROGRAM -d '\*\.w\.test'/);
    });

    test("of several certificates one has to be named", async () => {
      await refused(lego, /several certificates\. Choose .*: _\.w\.test, a\.test/);
    });

    test("of several accounts one has to be named by its CA, as far as that tells them apart", async () => {
      const two = await setting.copyOf(rsa);
      const { directoryUrl } = setting.pebble;
      const more = ["--http", "--http.webroot", await setting.folder()];
      const other = ["--server", directoryUrl, "-d", "s.test", "run"];
      await setting.lego(two, ...more, ...other);
      await refused(two, /several accounts\. .*: localhost_\d+ \(me@a/, "-d", "r.test");
      const into = await setting.folder();
      const named = await importFrom(two, into, "-d", "s.test", "--server", directoryUrl);
      assert.equal(named.code, 0, named.stderr);
      assert.ok(named.stderr.includes(`--server ${directoryUrl} `));
      assert.match(named.stderr, new RegExp(`account ${new URL(directoryUrl).origin}/`));

      await setting.lego(two, ...more, "--email", "you@a.test", ...other);
      await refused(
        ...([two, /several accounts at .*copy the folder/] as const),
        ...["-d", "s.test", "--server", directoryUrl],
      );
    });

    test("a well-known CA is told by its host", async () => {
      const from = await setting.copyOf(rsa);
      await rename(only(from, "accounts/*"), join(from, "accounts", LETS_ENCRYPT));
      const into = await setting.folder();
      const { code, stderr } = await importFrom(from, into);
      assert.equal(code, 0, stderr);
      assert.match(stderr, new RegExp(`--server https://${LETS_ENCRYPT}/directory `));
    });

    test("an account that is not registered is taken over as its key", async () => {
      const from = await setting.copyOf(rsa);
      await edit(accountOf(from), (account) => ({
        ...account,
        registration: null,
      }));
      const into = await setting.folder();
      const { code, stderr } = await importFrom(from, into);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /the account localhost_\d+ \(me@a\.test\) and/);
      assert.ok(filesIn(into).includes("account_key.json"));
      assert.ok(!filesIn(into).includes("account_reg.json"));
      const again = await goOn(setting, stderr, "--force");
      assert.equal(again.code, 0, again.stderr);
      assert.match(again.stderr, /Found the account https:/);
    });

    const broken: [string, RegExp, (from: string) => Promise<void>][] = [
      [
        "a key that is gone, as with a request of one's own,",
        /r\.test\.key cannot be imported: it does not exist/,
        (from) => rm(join(from, "certificates/r.test.key")),
      ],
      [
        "an empty certificate",
        /r\.test\.crt cannot be imported: it has no certificate/,
        (from) => put(join(from, "certificates/r.test.crt"), ""),
      ],
      [
        "an issuer that is gone",
        /r\.test\.issuer\.crt cannot be imported: it does not exist/,
        (from) => rm(join(from, "certificates/r.test.issuer.crt")),
      ],
      [
        "an account that is not JSON",
        /account\.json cannot be imported: it is not JSON/,
        (from) => put(accountOf(from), "nonsense"),
      ],
      [
        "an account whose key is gone",
        /me@a\.test\.key cannot be imported: it does not exist/,
        (from) => rm(only(from, "accounts/*/*/keys/*.key")),
      ],
    ];
    for (const [what, message, spoil] of broken)
      test(`${what} is named, and nothing is written`, async () => {
        const from = await setting.copyOf(rsa);
        await spoil(from);
        await refused(from, message);
      });
  });
});
