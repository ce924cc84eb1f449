import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import {
  copyFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { FormatName } from "../../src/store/formats.ts";
import { readCertificates } from "../../src/store/pem.ts";
import { recoverSet, saveSet } from "../../src/store/set.ts";
import { makeBundle } from "../support/certificates.ts";
import { tempDir } from "../support/temp.ts";

const bundles = { ec: makeBundle(), rsa: makeBundle({ rsa: 2048 }) };
const formats: FormatName[] = ["key.pem", "fullchain.pem"];
const silent = () => undefined;
const place = (dir: string, password = "a password") => ({
  dir,
  formats,
  pkcs12: { file: "pw", password },
});
const fileIn = (dir: string) => join(dir, "cert.p12");

function openssl(dir: string, password: string, ...more: string[]): string {
  writeFileSync(join(dir, "password"), `${password}\n`);
  return execFileSync(
    "openssl",
    [...["pkcs12", "-in", "cert.p12", "-passin", "file:password"], ...["-nodes", ...more]],
    { cwd: dir, stdio: "pipe", encoding: "utf8" },
  );
}

/** What `openssl pkcs12 -info` tells of the algorithms, which it does on stderr. */
function algorithmsIn(dir: string): string {
  return execFileSync(
    "sh",
    ["-c", "openssl pkcs12 -in cert.p12 -passin file:password -info -noout 2>&1"],
    { cwd: dir, encoding: "utf8" },
  );
}

for (const [kind, bundle] of Object.entries(bundles))
  describe(`cert.p12 with a key of the kind ${kind}`, () => {
    test("has key, certificate and chain, as openssl reads them", async () => {
      await using dir = tempDir();
      assert.equal(await saveSet(place(dir.path), bundle, silent), true);
      const text = openssl(dir.path, "a password");
      const key = /-----BEGIN PRIVATE KEY-----[^]*-----END PRIVATE KEY-----/;
      const [pem = ""] = key.exec(text) ?? [];
      assert.ok(createPrivateKey(pem).equals(bundle.key));
      assert.deepEqual(
        readCertificates(text).map((each) => each.fingerprint256),
        [bundle.leaf, ...bundle.chain].map((each) => each.fingerprint256),
      );
    });

    test("marks the certificate that the key belongs to, and no other", async () => {
      await using dir = tempDir();
      await saveSet(place(dir.path), bundle, silent);
      const marks = (...which: string[]) =>
        openssl(dir.path, "a password", ...which).match(/localKeyID: 01/g);
      assert.equal(marks("-nocerts")?.length, 1);
      assert.equal(marks("-nokeys", "-clcerts")?.length, 1);
      assert.equal(marks("-nokeys", "-cacerts"), null);
    });

    test("is refused with another password", async () => {
      await using dir = tempDir();
      await saveSet(place(dir.path), bundle, silent);
      assert.throws(() => openssl(dir.path, "a passwore"), /invalid password/);
    });
  });

describe("cert.p12", () => {
  test("is protected with AES-256, PBKDF2 and SHA-256 throughout, key and certificates", async () => {
    await using dir = tempDir();
    await saveSet(place(dir.path), bundles.ec, silent);
    openssl(dir.path, "a password");
    const told = algorithmsIn(dir.path);
    const scheme = "PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256";
    assert.match(told, /MAC: sha256, Iteration 10000/);
    assert.match(told, new RegExp(`Shrouded Keybag: ${scheme}`));
    assert.match(told, new RegExp(`PKCS7 Encrypted data: ${scheme}`));
    assert.ok(!readFileSync(fileIn(dir.path)).includes(bundles.ec.leaf.raw));
  });

  test("may have a password beyond ASCII, as openssl reads it in UTF-8", async () => {
    await using dir = tempDir();
    await saveSet(place(dir.path, "schlüssel €"), bundles.ec, silent);
    assert.match(openssl(dir.path, "schlüssel €"), /PRIVATE KEY/);
  });

  test("has the mode of a file with a key, or the one asked for", async () => {
    await using dir = tempDir();
    await saveSet(place(dir.path), bundles.ec, silent);
    assert.equal(statSync(fileIn(dir.path)).mode & 0o777, 0o600);
    const open = { ...place(dir.path), keyMode: 0o640 };
    await saveSet(open, bundles.rsa, silent);
    assert.equal(statSync(fileIn(dir.path)).mode & 0o777, 0o640);
  });

  test("is not written without a password, and one that is there stays", async () => {
    await using dir = tempDir();
    await saveSet({ dir: dir.path, formats }, bundles.ec, silent);
    assert.deepEqual(readdirSync(dir.path).sort(), ["fullchain.pem", "key.pem"]);
    writeFileSync(fileIn(dir.path), "another's");
    await saveSet({ dir: dir.path, formats }, bundles.rsa, silent);
    assert.equal(readFileSync(fileIn(dir.path), "utf8"), "another's");
  });

  test("is not written while a part of what it holds is missing", async () => {
    await using dir = tempDir();
    const { privateKey: key } = generateKeyPairSync("ec", {
      namedCurve: "P-256",
    });
    await saveSet(place(dir.path), { key }, silent);
    assert.deepEqual(readdirSync(dir.path), ["key.pem"]);
  });

  test("that has the same already is not touched", async () => {
    await using dir = tempDir();
    await saveSet(place(dir.path), bundles.rsa, silent);
    const before = readFileSync(fileIn(dir.path));
    const { ino } = statSync(fileIn(dir.path));
    assert.equal(await saveSet(place(dir.path), bundles.rsa, silent), false);
    assert.deepEqual(readFileSync(fileIn(dir.path)), before);
    assert.equal(statSync(fileIn(dir.path)).ino, ino);
  });

  for (const [what, harm] of [
    [
      "is missing",
      (file) => {
        rmSync(file);
      },
    ],
    [
      "is cut off",
      (file) => {
        truncateSync(file, 500);
      },
    ],
    [
      "is for another certificate",
      (file, other) => {
        copyFileSync(fileIn(other), file);
      },
    ],
  ] as [string, (file: string, other: string) => void][])
    test(`that ${what} is written alone`, async () => {
      await using dir = tempDir();
      await using other = tempDir();
      await saveSet(place(other.path), bundles.rsa, silent);
      await saveSet(place(dir.path), bundles.ec, silent);
      harm(fileIn(dir.path), other.path);
      const saved: string[] = [];
      assert.ok(
        await saveSet(place(dir.path), bundles.ec, (event) => {
          if (event.type === "saved") saved.push(event.file);
        }),
      );
      assert.deepEqual(saved, ["cert.p12"]);
      assert.deepEqual(
        readCertificates(openssl(dir.path, "a password"))[0]?.raw,
        bundles.ec.leaf.raw,
      );
    });

  test("gets a password that has changed", async () => {
    await using dir = tempDir();
    await saveSet(place(dir.path), bundles.ec, silent);
    const changed = place(dir.path, "another password");
    assert.equal(await saveSet(changed, bundles.ec, silent), true);
    assert.match(openssl(dir.path, "another password"), /PRIVATE KEY/);
  });

  test("that an interrupted run left beside the old one is put in place with the others, or removed", async () => {
    await using dir = tempDir();
    const files = ["key.pem", "fullchain.pem", "cert.p12"];
    await saveSet(place(dir.path), bundles.ec, silent);
    const leave = () => {
      for (const file of files) writeFileSync(join(dir.path, `.${file}.new`), `new ${file}`);
    };
    leave();
    assert.equal(await recoverSet(place(dir.path), silent), false);
    assert.deepEqual(readdirSync(dir.path).sort(), [...files].sort());
    assert.notEqual(readFileSync(fileIn(dir.path), "utf8"), "new cert.p12");
    leave();
    writeFileSync(join(dir.path, ".acme-sidecar.commit"), JSON.stringify(files));
    assert.equal(await recoverSet(place(dir.path), silent), true);
    assert.deepEqual(readdirSync(dir.path).sort(), [...files].sort());
    assert.equal(readFileSync(fileIn(dir.path), "utf8"), "new cert.p12");
  });
});
