import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { FormatName } from "../../src/store/formats.ts";
import { checkFolder } from "../../src/store/folder.ts";
import { recover, replaceFiles } from "../../src/store/replace.ts";
import { checkReplaceable } from "../../src/store/replaceable.ts";
import { loadSet, saveSet } from "../../src/store/set.ts";
import { makeBundle } from "../support/certificates.ts";
import { flagged, mountedByItself, smallDisk, smallDiskSkip as skip } from "../support/mounts.ts";
import { preload, preloadSkip, type Spoil } from "../support/preload.ts";
import { tempDir } from "../support/temp.ts";

const NAMES = ["key.pem", "cert.pem", "fullchain.pem"];
const silent = () => undefined;
const write = (dir: string, text: string) =>
  replaceFiles(
    { dir },
    NAMES.map((name) => ({ name, data: `${text} ${name}`, secret: false })),
    silent,
  );

const texts = (dir: string) =>
  NAMES.map((name) => readFileSync(join(dir, name), "utf8").split(" ")[0]);

/** A set of old files, the last of which is in the way. */
async function setWith(hold: (file: string) => Disposable) {
  const dir = tempDir();
  await write(dir.path, "old");
  const file = join(dir.path, "fullchain.pem");
  const hindrance = hold(file);
  return {
    dir: dir.path,
    file,
    release: () => {
      hindrance[Symbol.dispose]();
    },
    async [Symbol.asyncDispose]() {
      hindrance[Symbol.dispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

const KINDS: [string, (file: string) => Disposable, RegExp, RegExp][] = [
  [
    "is mounted by itself",
    mountedByItself,
    /fullchain\.pem cannot be replaced: it is mounted by itself/,
    /Mount its folder/,
  ],
  [
    "is immutable",
    (file) => flagged(file, "i"),
    /fullchain\.pem cannot be replaced: it is immutable or append-only/,
    /chattr -i -a .*fullchain\.pem/,
  ],
  [
    "is append-only",
    (file) => flagged(file, "a"),
    /fullchain\.pem cannot be replaced: it is immutable or append-only/,
    /chattr -i -a .*fullchain\.pem/,
  ],
];

describe("a file that nothing can be renamed over", { skip }, () => {
  for (const [what, hold, message, hint] of KINDS)
    test(`is found out beforehand, with the remedy, and nothing is changed: one that ${what}`, async () => {
      await using set = await setWith(hold);
      const before = readdirSync(set.dir).sort();
      await assert.rejects(
        checkReplaceable({ dir: set.dir }, NAMES, silent),
        (error: Error & { code: string; hint: string }) => {
          assert.equal(error.code, "store-unwritable");
          assert.match(error.message, message);
          assert.match(error.hint, hint);
          return true;
        },
      );
      assert.deepEqual(readdirSync(set.dir).sort(), before);
      assert.deepEqual(texts(set.dir), ["old", "old", "old"]);
    });

  test("and a file of another file system that is mounted there, as by docker run --volume", async () => {
    await using set = await setWith(() => ({ [Symbol.dispose]: () => undefined }));
    await using disk = await smallDisk();
    const source = join(disk.path, "fullchain.pem");
    writeFileSync(source, "old fullchain.pem");
    using _mount = mountedByItself(set.file, source);
    await assert.rejects(
      checkReplaceable({ dir: set.dir }, NAMES, silent),
      /fullchain\.pem cannot be replaced: it is mounted by itself/,
    );
    assert.deepEqual(texts(set.dir), ["old", "old", "old"]);
  });

  test("and a folder in the place of a file, too", async () => {
    await using dir = tempDir();
    mkdirSync(join(dir.path, "key.pem"));
    await assert.rejects(
      checkReplaceable({ dir: dir.path }, NAMES, silent),
      /key\.pem cannot be replaced: it is a folder/,
    );
  });

  test("and in a folder with the sticky bit the file of another user", async () => {
    await using dir = tempDir();
    await write(dir.path, "old");
    chmodSync(dir.path, 0o1777);
    const script = `import("./src/store/replaceable.ts").then(({ checkReplaceable }) => {
      process.setuid(1234);
      return checkReplaceable({ dir: ${JSON.stringify(dir.path)} }, ["key.pem"], () => undefined);
    }).catch(({ message }) => console.log(message));`;
    const { stdout } = spawnSync(process.execPath, ["-e", script], {
      encoding: "utf8",
    });
    assert.match(stdout, /key\.pem cannot be replaced: it belongs to another user/);
  });

  test("goes unremarked where all can be replaced", async () => {
    await using dir = tempDir();
    await write(dir.path, "old");
    const before = NAMES.map((name) => lstatSync(join(dir.path, name)));
    await checkReplaceable({ dir: dir.path }, NAMES, silent);
    assert.deepEqual(readdirSync(dir.path).sort(), [...NAMES].sort());
    for (const [at, name] of NAMES.entries()) {
      const now = lstatSync(join(dir.path, name));
      assert.equal(now.ino, before[at]?.ino);
      assert.equal(now.mtimeMs, before[at]?.mtimeMs);
    }
  });

  test("is written through when it is mounted in the meantime, and stays mounted", async () => {
    await using set = await setWith(mountedByItself);
    const { ino } = lstatSync(set.file);
    await write(set.dir, "new");
    assert.deepEqual(texts(set.dir), ["new", "new", "new"]);
    assert.equal(lstatSync(set.file).ino, ino);
    assert.deepEqual(readdirSync(set.dir).sort(), [...NAMES].sort());
  });

  for (const flag of ["i", "a"] as const)
    test(`puts back those that came before it, where it cannot be written through (chattr +${flag})`, async () => {
      await using set = await setWith((file) => flagged(file, flag));
      await assert.rejects(write(set.dir, "new"), {
        code: "store-unwritable",
        message: /fullchain\.pem/,
      });
      assert.deepEqual(texts(set.dir), ["old", "old", "old"]);
      assert.deepEqual(readdirSync(set.dir).sort(), [...NAMES].sort());
      set.release();
      await write(set.dir, "new");
      assert.deepEqual(texts(set.dir), ["new", "new", "new"]);
    });

  test("is left with its place in the set, where it is no file at all", async () => {
    await using set = await setWith((file) => mountedByItself(file, "/dev/null"));
    await assert.rejects(write(set.dir, "new"), {
      code: "store-unwritable",
      message: /fullchain\.pem cannot be replaced: it is mounted by itself/,
    });
    set.release();
    assert.deepEqual(texts(set.dir), ["old", "old", "old"]);
    assert.deepEqual(readdirSync(set.dir).sort(), [...NAMES].sort());
  });

  test(
    "is completed by the next run, where the disk fails while it is written through",
    { skip: preloadSkip },
    async () => {
      const steps = async (spoil: Spoil) => {
        await using set = await setWith(mountedByItself);
        await using log = tempDir();
        const file = join(log.path, "steps");
        const script = `import("./src/store/replace.ts").then(({ replaceFiles }) => replaceFiles(
          { dir: ${JSON.stringify(set.dir)} },
          ${JSON.stringify(NAMES)}.map((name) => ({ name, data: "new " + name, secret: false })),
          () => undefined,
        )).catch(({ message }) => console.log(message));`;
        const faults = preload({ dir: set.dir, only: "changes", log: file, ...spoil });
        const { stdout } = spawnSync(process.execPath, ["-e", script], {
          encoding: "utf8",
          env: { ...process.env, ...faults },
        });
        if (spoil.at !== undefined) {
          assert.match(stdout, /fullchain\.pem cannot be replaced/);
          assert.equal(await recover(set.dir, NAMES, silent), true);
        }
        assert.deepEqual(texts(set.dir), ["new", "new", "new"]);
        assert.deepEqual(readdirSync(set.dir).sort(), [...NAMES].sort());
        return readFileSync(file, "utf8").trim().split("\n");
      };
      const whole = await steps({});
      const at = whole.findIndex((step) => step.includes(" truncate ")) + 1;
      assert.ok(at > 0, whole.join("\n"));
      await steps({ at, what: "EIO" });
    },
  );

  test("stops a completion by its name until it can be replaced", async () => {
    await using set = await setWith((file) => flagged(file, "i"));
    for (const name of NAMES) writeFileSync(join(set.dir, `.${name}.new`), `new ${name}`);
    writeFileSync(join(set.dir, ".acme-sidecar.commit"), JSON.stringify(NAMES));
    const message = /fullchain\.pem cannot be replaced: it is immutable or append-only/;
    await assert.rejects(recover(set.dir, NAMES, silent), { message });
    set.release();
    assert.equal(await recover(set.dir, NAMES, silent), true);
    assert.deepEqual(texts(set.dir), ["new", "new", "new"]);
  });

  test("leaves none of those that had not been there before it", async () => {
    await using dir = tempDir();
    const file = join(dir.path, "fullchain.pem");
    writeFileSync(file, "old");
    using _flag = flagged(file, "i");
    await assert.rejects(write(dir.path, "new"), { code: "store-unwritable" });
    assert.deepEqual(readdirSync(dir.path), ["fullchain.pem"]);
  });

  test("does not end every later run, where an older version was stopped by it", async () => {
    await using set = await setWith(mountedByItself);
    writeFileSync(join(set.dir, "key.pem"), "new key.pem");
    for (const name of NAMES.slice(1)) writeFileSync(join(set.dir, `.${name}.new`), `new ${name}`);
    const commit = join(set.dir, ".acme-sidecar.commit");
    writeFileSync(commit, JSON.stringify(NAMES));
    assert.equal(await recover(set.dir, NAMES, silent), true);
    assert.deepEqual(texts(set.dir), ["new", "new", "new"]);
    assert.deepEqual(readdirSync(set.dir).sort(), [...NAMES].sort());
  });
});

describe("a file of a set that is a link", () => {
  const [first, second] = [makeBundle(), makeBundle()];
  const formats: FormatName[] = ["key.pem", "fullchain.pem"];

  /** A set whose files lie in another folder under other names, as in certbot's live/. */
  async function linked() {
    const temp = tempDir();
    const [live, archive] = ["live", "archive"].map((name) => join(temp.path, name)) as [
      string,
      string,
    ];
    for (const dir of [live, archive]) mkdirSync(dir);
    symlinkSync("../archive/privkey1.pem", join(live, "key.pem"));
    symlinkSync(join(archive, "chain1.pem"), join(live, "fullchain.pem"));
    const place = { dir: live, formats };
    await checkReplaceable({ dir: live }, formats, silent);
    await saveSet(place, first, silent);
    return {
      ...{ live, archive, place },
      [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose](),
    };
  }

  test("stays one: what it leads to is made, read and replaced", async () => {
    await using set = await linked();
    assert.deepEqual(readdirSync(set.archive).sort(), ["chain1.pem", "privkey1.pem"]);
    assert.equal(loadSet(set.place).leaf?.fingerprint256, first.leaf.fingerprint256);
    await checkReplaceable({ dir: set.live }, formats, silent);
    await saveSet(set.place, second, silent);
    assert.equal(loadSet(set.place).leaf?.fingerprint256, second.leaf.fingerprint256);
    assert.equal(readlinkSync(join(set.live, "key.pem")), "../archive/privkey1.pem");
    assert.equal(lstatSync(join(set.archive, "privkey1.pem")).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(set.archive).sort(), ["chain1.pem", "privkey1.pem"]);
  });

  test("loses nothing by a crash, and nothing is left where it leads", async () => {
    await using set = await linked();
    const fresh = ".privkey1.pem.0123456789abcdef.new";
    writeFileSync(join(set.archive, fresh), "secret");
    assert.equal(await recover(set.live, formats, silent), false);
    assert.deepEqual(readdirSync(set.archive).sort(), ["chain1.pem", "privkey1.pem"]);
    writeFileSync(join(set.archive, fresh), "new key");
    writeFileSync(
      join(set.live, ".acme-sidecar.commit"),
      JSON.stringify([{ name: "key.pem", fresh }]),
    );
    assert.equal(await recover(set.live, formats, silent), true);
    assert.equal(readFileSync(join(set.archive, "privkey1.pem"), "utf8"), "new key");
  });

  test("is refused where another user has made it", { skip }, async () => {
    await using set = await linked();
    spawnSync("chown", ["-h", "1234", join(set.live, "key.pem")]);
    const unsafe = { code: "unsafe-folder", message: /key\.pem .*1234/ };
    assert.throws(() => loadSet(set.place), unsafe);
    await assert.rejects(saveSet(set.place, second, silent), unsafe);
    await assert.rejects(checkReplaceable({ dir: set.live }, formats, silent), unsafe);
    assert.equal(
      loadSet({ ...set.place, formats: ["fullchain.pem"] }).leaf?.fingerprint256,
      first.leaf.fingerprint256,
    );
  });

  test("is refused on the way to the folder, too", { skip }, async () => {
    await using set = await linked();
    const way = `${set.live}-link`;
    symlinkSync(set.live, way);
    assert.ok(loadSet({ ...set.place, dir: way }).leaf);
    spawnSync("chown", ["-h", "1234", way]);
    const unsafe = { code: "unsafe-folder" };
    assert.throws(() => loadSet({ ...set.place, dir: way }), unsafe);
    assert.throws(() => {
      checkFolder(way);
    }, unsafe);
    chownSync(set.live, 1234, 1234);
    assert.ok(loadSet(set.place).leaf, "a folder of another user is no link");
  });

  test("may be a part of the way to the folder, but not lead there from itself", async () => {
    await using set = await linked();
    const way = `${set.live}-link`;
    symlinkSync("live", way);
    assert.ok(loadSet({ ...set.place, dir: way }).leaf);
    rmSync(way);
    symlinkSync("live-link", way);
    assert.throws(() => loadSet({ ...set.place, dir: way }), {
      code: "bad-file",
      message: /live-link cannot be used: .* has too many links/,
    });
  });

  const ASTRAY: [what: string, target: string, message: RegExp][] = [
    ["that leads to itself", "key.pem", /key\.pem has too many links/],
    ["that leads to a folder above", "..", /key\.pem .*"\.\." is not the name of a file/],
    ["whose target has too long a name", "x".repeat(300), /ENAMETOOLONG/],
    ["that leads through a file", "file/key.pem", /key\.pem .* a part of its path is not a folder/],
  ];
  for (const [what, target, message] of ASTRAY)
    test(`${what} is named, and stays`, async () => {
      await using temp = tempDir();
      const place = { dir: temp.path, formats };
      writeFileSync(join(temp.path, "file"), "");
      symlinkSync(target, join(temp.path, "key.pem"));
      assert.throws(() => loadSet(place), { code: "bad-file", message });
      await assert.rejects(saveSet(place, first, silent), { code: "store-unwritable", message });
      assert.deepEqual(readdirSync(temp.path).sort(), ["file", "key.pem"]);
      assert.equal(readlinkSync(join(temp.path, "key.pem")), target);
    });

  test("that leads nowhere is named", async () => {
    await using temp = tempDir();
    symlinkSync("gone/key.pem", join(temp.path, "key.pem"));
    await assert.rejects(saveSet({ dir: temp.path, formats }, first, silent), {
      message: /key\.pem is a link that leads nowhere/,
    });
  });
});
