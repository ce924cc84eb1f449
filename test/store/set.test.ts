import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPrivateKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  chownSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type Contents, FORMAT_NAMES, FORMATS, type FormatName } from "../../src/store/formats.ts";
import { checkFolder } from "../../src/store/folder.ts";
import { closeKeys, loadSet, saveSet, type StoreEvent } from "../../src/store/set.ts";
import { makeBundle } from "../support/certificates.ts";
import { tempDir } from "../support/temp.ts";

const ec = makeBundle();
const rsa = makeBundle({ rsa: 2048 });
const registration = {
  uri: "https://ca.test/account/1",
  body: { status: "valid", contact: [] },
};
const accounts = {
  ec: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
  rsa: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey,
};
const contents: Record<"ec" | "rsa", Required<Contents>> = {
  ec: { ...ec, accountKey: accounts.ec, registration },
  rsa: { ...rsa, accountKey: accounts.rsa, registration },
};
const silent = () => undefined;
const formats = FORMAT_NAMES;

const same = (found: Contents, given: Contents) => {
  assert.ok(given.key && found.key?.equals(given.key));
  assert.ok(given.accountKey && found.accountKey?.equals(given.accountKey));
  assert.equal(found.leaf?.fingerprint256, given.leaf?.fingerprint256);
  assert.deepEqual(
    found.chain?.map((each) => each.fingerprint256),
    given.chain?.map((each) => each.fingerprint256),
  );
  assert.deepEqual(found.registration, given.registration);
};

for (const kind of ["ec", "rsa"] as const)
  describe(`every file of a set with ${kind} keys`, () => {
    for (const name of formats)
      test(`${name} reads back as it was written`, () => {
        const data = FORMATS[name].encode(contents[kind]);
        assert.ok(data !== undefined);
        const read: Contents = FORMATS[name].decode(Buffer.from(data));
        same({ ...contents[kind], ...read }, contents[kind]);
        assert.deepEqual(Object.keys(read).sort(), [...FORMATS[name].holds].sort());
      });

    test("openssl accepts each of them", async () => {
      await using dir = tempDir();
      await saveSet({ dir: dir.path, formats }, contents[kind], silent);
      const openssl = (...args: string[]) =>
        execFileSync("openssl", args, { cwd: dir.path, stdio: "pipe" });
      for (const [file, form] of [
        ["key.pem", "PEM"],
        ["key.der", "DER"],
        ["full.pem", "PEM"],
      ] as const)
        openssl("pkey", "-in", file, "-inform", form, "-noout");
      for (const [file, form] of [
        ["cert.pem", "PEM"],
        ["cert.der", "DER"],
        ["chain.pem", "PEM"],
        ["fullchain.pem", "PEM"],
        ["full.pem", "PEM"],
      ] as const)
        openssl("x509", "-in", file, "-inform", form, "-noout");
      openssl("verify", "-CAfile", "chain.pem", "cert.pem");
      if (kind === "rsa") openssl("rsa", "-in", "key.der", "-inform", "DER", "-noout");
    });

    test("account_key.json is a JSON Web Key (RFC 7517) with the private part", () => {
      const jwk = JSON.parse(String(FORMATS["account_key.json"].encode(contents[kind]))) as Record<
        string,
        string
      >;
      const members =
        kind === "ec"
          ? ["kty", "crv", "d", "x", "y"]
          : ["n", "e", "d", "p", "q", "dp", "dq", "qi", "kty"];
      assert.deepEqual(Object.keys(jwk).sort(), [...members].sort());
      assert.ok(createPrivateKey({ key: jwk, format: "jwk" }).equals(accounts[kind]));
    });
  });

describe("files as others write them", () => {
  const pem = (text: string) => Buffer.from(text);
  test("CRLF, no newline at the end, and text around the blocks", () => {
    const text = String(FORMATS["fullchain.pem"].encode(contents.ec));
    for (const other of [text.replaceAll("\n", "\r\n"), text.trimEnd(), `Subject: x\n${text}`])
      assert.equal(
        FORMATS["fullchain.pem"].decode(pem(other)).leaf.fingerprint256,
        ec.leaf.fingerprint256,
      );
  });
  test("keys in PKCS#1 and SEC 1", () => {
    const pkcs1 = rsa.key.export({ type: "pkcs1", format: "pem" });
    const sec1 = ec.key.export({ type: "sec1", format: "pem" });
    assert.ok(FORMATS["key.pem"].decode(pem(pkcs1)).key.equals(rsa.key));
    assert.ok(FORMATS["key.pem"].decode(pem(sec1)).key.equals(ec.key));
  });
  test("a key with something else in its block is an error", () => {
    const key = String(FORMATS["key.pem"].encode(contents.ec));
    const cert = String(FORMATS["cert.pem"].encode(contents.ec));
    for (const text of [
      key.replace(/\n.{10}/, "\nAAAAAAAAAA"),
      cert.replaceAll("CERTIFICATE", "PRIVATE KEY"),
    ])
      assert.throws(() => FORMATS["key.pem"].decode(pem(text)), {
        message: "its private key is damaged",
      });
  });
});

describe("saving a set", () => {
  const place = (
    dir: string,
    names: FormatName[] = ["account_key.json", "key.pem", "cert.pem", "chain.pem", "fullchain.pem"],
  ) => ({ dir, formats: names });

  test("keys are for the owner's eyes only, the rest for everybody's", async () => {
    await using dir = tempDir();
    await saveSet({ dir: dir.path, formats }, contents.ec, silent);
    for (const name of formats)
      assert.equal(
        statSync(join(dir.path, name)).mode & 0o777,
        FORMATS[name].secret ? 0o600 : 0o644,
        name,
      );
  });

  test("an owner and a mode that somebody chose are kept; a key open to all is closed", async () => {
    await using dir = tempDir();
    await saveSet(place(dir.path), contents.ec, silent);
    const key = join(dir.path, "key.pem");
    const cert = join(dir.path, "cert.pem");
    chmodSync(key, 0o640);
    chmodSync(cert, 0o664);
    if (process.getuid?.() === 0) chownSync(key, 1234, 4321);
    await saveSet(place(dir.path), contents.rsa, silent);
    assert.equal(statSync(key).mode & 0o777, 0o640);
    assert.equal(statSync(cert).mode & 0o777, 0o664);
    if (process.getuid?.() === 0)
      assert.deepEqual([statSync(key).uid, statSync(key).gid], [1234, 4321]);
    chmodSync(key, 0o644);
    await saveSet(place(dir.path), contents.ec, silent);
    assert.equal(statSync(key).mode & 0o777, 0o600);
  });

  test("a file that does not change is not touched", async () => {
    await using dir = tempDir();
    await saveSet(place(dir.path), contents.ec, silent);
    const before = statSync(join(dir.path, "account_key.json"));
    const events: StoreEvent[] = [];
    await saveSet(place(dir.path), { ...contents.rsa, accountKey: accounts.ec }, (event) =>
      events.push(event),
    );
    const now = statSync(join(dir.path, "account_key.json"));
    assert.deepEqual([now.ino, now.mtimeMs], [before.ino, before.mtimeMs]);
    assert.deepEqual(
      events.map((event) => (event.type === "saved" ? event.file : event.type)),
      ["key.pem", "cert.pem", "chain.pem", "fullchain.pem"],
    );
  });

  test("a file that holds the same in another form is not touched", async () => {
    await using dir = tempDir();
    const key = join(dir.path, "key.pem");
    const chain = join(dir.path, "chain.pem");
    await saveSet(place(dir.path), contents.rsa, silent);
    writeFileSync(key, rsa.key.export({ type: "pkcs1", format: "pem" }));
    writeFileSync(chain, String(rsa.chain[0]).trim().replace(/\n/g, "\r\n"));
    const before = [readFileSync(key), readFileSync(chain)];
    assert.equal(await saveSet(place(dir.path), contents.rsa, silent), false);
    assert.deepEqual([readFileSync(key), readFileSync(chain)], before);
  });

  test("a missing file is written alone when others hold the same", async () => {
    await using dir = tempDir();
    await saveSet(place(dir.path), contents.ec, silent);
    const { ino } = statSync(join(dir.path, "key.pem"));
    const wider = place(dir.path, ["key.pem", "fullchain.pem", "full.pem"]);
    assert.equal(await saveSet(wider, loadSet(wider), silent), true);
    assert.equal(statSync(join(dir.path, "key.pem")).ino, ino);
    const full = loadSet(place(dir.path, ["full.pem"]));
    assert.ok(full.key?.equals(ec.key));
    assert.equal(full.leaf?.fingerprint256, ec.leaf.fingerprint256);
  });

  test("a mode for keys that was asked for is theirs, old and new", async () => {
    await using dir = tempDir();
    const wish = { ...place(dir.path), keyMode: 0o640 };
    await saveSet(place(dir.path), contents.ec, silent);
    const events: StoreEvent[] = [];
    const emit = (event: StoreEvent) => events.push(event);
    await saveSet(wish, { ...contents.rsa, accountKey: accounts.ec }, emit);
    closeKeys(wish, emit);
    const mode = (file: string) => statSync(join(dir.path, file)).mode & 0o777;
    assert.equal(mode("key.pem"), 0o640);
    assert.equal(mode("account_key.json"), 0o640);
    assert.equal(mode("cert.pem"), 0o644);
    const changed = events.flatMap((event) =>
      event.type === "mode" ? [[event.file, event.mode]] : [],
    );
    assert.deepEqual(changed, [
      ["key.pem", 0o640],
      ["account_key.json", 0o640],
    ]);
  });

  test("a key open to all that is not replaced is closed", async () => {
    await using dir = tempDir();
    await saveSet(place(dir.path), contents.ec, silent);
    const account = join(dir.path, "account_key.json");
    const before = readFileSync(account);
    chmodSync(account, 0o644);
    const events: StoreEvent[] = [];
    rmSync(join(dir.path, "key.pem"));
    closeKeys(place(dir.path), (event) => events.push(event));
    assert.equal(statSync(account).mode & 0o777, 0o600);
    assert.deepEqual(readFileSync(account), before);
    assert.deepEqual(events, [{ type: "mode", file: "account_key.json", mode: 0o600 }]);
  });

  test("nothing but the files is left in the folder", async () => {
    await using dir = tempDir();
    await saveSet(place(dir.path), contents.ec, silent);
    assert.deepEqual(readdirSync(dir.path).sort(), [...place("").formats].sort());
  });

  test("a failure keeps every old file and leaves no new one", async () => {
    await using dir = tempDir();
    await saveSet(place(dir.path), contents.ec, silent);
    const before = readFileSync(join(dir.path, "key.pem"));
    rmSync(join(dir.path, "chain.pem"));
    mkdirSync(join(dir.path, "chain.pem"));
    await assert.rejects(saveSet(place(dir.path), contents.rsa, silent), {
      code: "store-unwritable",
      message: /chain\.pem cannot be replaced: it is a folder/,
    });
    assert.deepEqual(readFileSync(join(dir.path, "key.pem")), before);
    assert.deepEqual(
      readdirSync(dir.path).filter((file) => file.startsWith(".")),
      [],
    );
  });
});

describe("loading a set", () => {
  const all = (dir: string) => ({ dir, formats });
  test("missing files hold nothing", async () => {
    await using dir = tempDir();
    assert.deepEqual(loadSet(all(dir.path)), {});
  });
  test("everything comes back", async () => {
    await using dir = tempDir();
    await saveSet(all(dir.path), contents.rsa, silent);
    same(loadSet(all(dir.path)), contents.rsa);
  });

  const damage: [string, (file: string) => void][] = [
    [
      "empty",
      (file) => {
        truncateSync(file, 0);
      },
    ],
    [
      "truncated",
      (file) => {
        truncateSync(file, Math.floor(statSync(file).size / 2));
      },
    ],
    [
      "binary",
      (file) => {
        writeFileSync(file, Buffer.from([0, 255, 1, 254, 10]));
      },
    ],
    [
      "a folder",
      (file) => {
        rmSync(file);
        mkdirSync(file);
      },
    ],
  ];
  for (const [what, harm] of damage)
    for (const name of formats)
      test(`${name} that is ${what} is named, and not replaced`, async () => {
        await using dir = tempDir();
        await saveSet(all(dir.path), contents.ec, silent);
        const file = join(dir.path, name);
        harm(file);
        assert.throws(
          () => loadSet({ dir: dir.path, formats: [name] }),
          (error: Error) => {
            assert.match(error.message, new RegExp(name.replace(".", "\\.")));
            assert.equal("code" in error && error.code, "bad-file");
            return true;
          },
        );
      });

  test("a file that is larger than any of a set is named, and not read", async () => {
    await using dir = tempDir();
    writeFileSync(join(dir.path, "key.pem"), "");
    truncateSync(join(dir.path, "key.pem"), 2 ** 40);
    assert.throws(() => loadSet({ dir: dir.path, formats: ["key.pem"] }), {
      code: "bad-file",
      message: /key\.pem cannot be used: it has more than 8388608 bytes/,
    });
  });

  test("a chain whose last certificate is cut off is named", async () => {
    await using dir = tempDir();
    for (const name of ["chain.pem", "fullchain.pem"] as const) {
      const two = [ec.leaf, ...ec.chain, ...ec.chain].map(String).join("\n");
      writeFileSync(join(dir.path, name), two.slice(0, -40));
      assert.throws(() => loadSet({ dir: dir.path, formats: [name] }), {
        code: "bad-file",
        message: new RegExp(`${name}.*cut off`),
      });
    }
  });

  test("a key and a certificate that do not belong together are both named", async () => {
    await using dir = tempDir();
    await saveSet(all(dir.path), contents.ec, silent);
    writeFileSync(join(dir.path, "key.pem"), rsa.key.export({ type: "pkcs8", format: "pem" }));
    const formats: FormatName[] = ["key.pem", "fullchain.pem"];
    assert.throws(() => loadSet({ dir: dir.path, formats }), {
      code: "disagreeing-files",
      message: /key\.pem.*fullchain\.pem/,
    });
  });

  test("two files that disagree are both named", async () => {
    await using dir = tempDir();
    await saveSet(all(dir.path), contents.ec, silent);
    writeFileSync(join(dir.path, "cert.pem"), rsa.leaf.toString());
    assert.throws(() => loadSet(all(dir.path)), {
      code: "disagreeing-files",
      message: /cert\.der and cert\.pem|cert\.pem and cert\.der/,
    });
  });
});

describe("the folder", () => {
  test("one that is missing, or is a file, is refused by name", async () => {
    await using dir = tempDir();
    checkFolder(dir.path);
    assert.throws(
      () => {
        checkFolder(join(dir.path, "none"));
      },
      {
        code: "store-unwritable",
        message: /none/,
      },
    );
    writeFileSync(join(dir.path, "file"), "");
    assert.throws(
      () => {
        checkFolder(join(dir.path, "file"));
      },
      {
        code: "store-unwritable",
        message: /not a folder/,
      },
    );
  });
});

test("X.509 certificates are written with a newline at the end, so that files can be joined", () => {
  const text = String(FORMATS["cert.pem"].encode(contents.ec));
  assert.ok(text.endsWith("-----END CERTIFICATE-----\n"));
  assert.ok(new X509Certificate(text));
});
