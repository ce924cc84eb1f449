import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import { once } from "node:events";
import { createWriteStream, readFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { describe, test } from "node:test";
import { type TarSet, writeTar } from "../../src/handoff/certificates.ts";
import { readCertificates } from "../../src/store/pem.ts";
import { makeBundle } from "../support/certificates.ts";
import { tempDir } from "../support/temp.ts";
import { eventually } from "../support/wait.ts";

const [ec, rsa] = [makeBundle(), makeBundle({ rsa: 2048 })];
const both: TarSet[] = [
  { folder: "shop", ...ec },
  { folder: "b\u00fccher-" + "x".repeat(120), ...rsa },
];

/** An output that keeps what it gets. */
function memory() {
  const chunks: Buffer[] = [];
  const output = new PassThrough();
  output.on("data", (chunk: Buffer) => chunks.push(chunk));
  return { output, bytes: () => Buffer.concat(chunks) };
}

const tar = (input: Buffer, ...words: string[]) =>
  execFileSync("tar", words, {
    input,
    stdio: ["pipe", "pipe", "inherit"],
    encoding: "utf8",
    env: { PATH: process.env["PATH"], TZ: "UTC", LC_ALL: "C.UTF-8" },
  });
const lines = (text: string) => text.split("\n").filter((line) => line !== "");

describe("a tar of certificates", () => {
  test("has two files of root's for each, of the time from which it is valid, and nothing else", async () => {
    const { output, bytes } = memory();
    await writeTar(both, output);
    const listed = lines(tar(bytes(), "-tv", "--numeric-owner", "--full-time")).map((line) =>
      line.split(/\s+/),
    );
    assert.deepEqual(
      listed.map((columns) => columns[5]),
      both.flatMap(({ folder = "" }) => [`${folder}/server.crt`, `${folder}/server.key`]),
    );
    for (const [index, [mode, owner, , day, time]] of listed.entries()) {
      assert.deepEqual([mode, owner], ["-rw-------", "0/0"]);
      const from = index < 2 ? ec.leaf.validFromDate : rsa.leaf.validFromDate;
      assert.equal(Date.parse(`${day}T${time}Z`), from.getTime());
    }
  });

  test("has its two entries without any folder where none is given", async () => {
    const { output, bytes } = memory();
    await writeTar([{ folder: undefined, ...ec }], output);
    assert.deepEqual(lines(tar(bytes(), "-t")), ["server.crt", "server.key"]);
  });

  test("unpacks to the key and to the certificate with its chain", async () => {
    await using dir = tempDir();
    const archive = join(dir.path, "certs.tar");
    await writeTar(both, createWriteStream(archive));
    tar(readFileSync(archive), "-x", "-C", dir.path);
    for (const { folder = "", key, leaf, chain } of both) {
      const read = (name: string) => readFileSync(join(dir.path, folder, name), "utf8");
      assert.match(read("server.key"), /^-----BEGIN PRIVATE KEY-----\n/);
      assert.ok(createPrivateKey(read("server.key")).equals(key));
      assert.deepEqual(
        readCertificates(read("server.crt")).map((each) => each.raw),
        [leaf, ...chain].map((each) => each.raw),
      );
    }
  });

  test("without any certificate is an empty one", async () => {
    const { output, bytes } = memory();
    await writeTar([], output);
    assert.equal(tar(bytes(), "-t"), "");
  });

  test("brings each certificate as soon as it is there", async () => {
    const { output, bytes } = memory();
    async function* slow() {
      for (const [index, set] of both.entries()) {
        yield set;
        await eventually(
          "the set that was given",
          () => lines(tar(bytes(), "-t")).length === 2 * (index + 1),
        );
      }
    }
    await writeTar(slow(), output);
    assert.equal(lines(tar(bytes(), "-t")).length, 4);
  });

  test("asks for no more certificates than its reader can take", async () => {
    const one = memory();
    await writeTar([{ folder: "app-1", ...ec }], one.output);
    // Without the two blocks at the end.
    const size = one.bytes().length - 1024;
    let given = 0;
    let taken = 0;
    let most = 0;
    function* many() {
      for (; given < 500; given += 1) {
        most = Math.max(most, given - taken / size);
        yield { folder: `app-${given}`, ...ec };
      }
    }
    const slow = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _encoding, done) {
        taken += chunk.length;
        setImmediate(done);
      },
    });
    await writeTar(many(), slow);
    assert.equal(given, 500);
    assert.ok(most < 50, `${most} of 500 were waiting`);
  });
});

describe("a tar whose reader goes away", () => {
  test("ends with an error that says so, and no more certificates are asked for", async () => {
    const reader = spawn("head", ["-c", "700"], {
      stdio: ["pipe", "ignore", "inherit"],
    });
    let closed = false;
    let last = 0;
    async function* endless() {
      try {
        for (;;) {
          yield { folder: `app-${last}`, ...ec };
          last += 1;
          await new Promise((resolve) => setImmediate(resolve));
        }
      } finally {
        closed = true;
      }
    }
    await assert.rejects(writeTar(endless(), reader.stdin), {
      name: "AppError",
      code: "output-failed",
      message: /nobody reads it any more/,
    });
    await eventually("the end of the iteration", () => closed);
    if (reader.exitCode === null) await once(reader, "exit");
  });

  test("ends so although the next certificate takes long", async () => {
    const reader = spawn("true", { stdio: ["pipe", "ignore", "inherit"] });
    await once(reader, "exit");
    const forever = new AbortController();
    async function* stuck() {
      yield { folder: "shop", ...ec };
      await once(forever.signal, "abort");
    }
    await assert.rejects(writeTar(stuck(), reader.stdin), {
      code: "output-failed",
    });
    forever.abort();
  });

  test("tells why else it could not be written", async () => {
    const full = createWriteStream("/dev/full");
    await assert.rejects(writeTar(both, full), {
      code: "output-failed",
      message: /the disk is full/,
    });
  });
});

test("an error on the way to a certificate is the tar's, which is not made to look whole", async () => {
  const { output, bytes } = memory();
  function* broken() {
    yield { folder: "shop", ...ec };
    throw new Error("no more");
  }
  await assert.rejects(writeTar(broken(), output), { message: "no more" });
  assert.ok(!bytes().subarray(-1024).equals(Buffer.alloc(1024)));
});
