import assert from "node:assert/strict";
import { chmodSync, chownSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { FormatName } from "../../src/store/formats.ts";
import { checkOwner } from "../../src/store/replaceable.ts";
import { saveSet, type StoreEvent } from "../../src/store/set.ts";
import { makeBundle } from "../support/certificates.ts";
import { tempDir } from "../support/temp.ts";

const [first, second] = [makeBundle(), makeBundle()];
const formats: FormatName[] = ["key.pem", "fullchain.pem"];
const silent = () => undefined;
const idsOf = (file: string) => {
  const { uid, gid } = statSync(file);
  return [uid, gid];
};

describe(
  "files with an owner that was asked for",
  { skip: process.getuid?.() !== 0 && "only root can give files away" },
  () => {
    test("have it from the beginning, cert.p12 too, and nothing else is left", async () => {
      await using dir = tempDir();
      const owner = { uid: 1234, gid: 4321 };
      const place = {
        dir: dir.path,
        formats,
        owner,
        pkcs12: { file: "pw", password: "secret" },
      };
      await checkOwner(place);
      await saveSet(place, first, silent);
      const files = readdirSync(dir.path);
      assert.deepEqual(files.sort(), ["cert.p12", "fullchain.pem", "key.pem"]);
      for (const file of files) assert.deepEqual(idsOf(join(dir.path, file)), [1234, 4321], file);
    });

    test("cannot be tried in a folder that fails: it is named", async () => {
      await using temp = tempDir();
      const dir = join(temp.path, "gone");
      await assert.rejects(checkOwner({ dir, owner: { uid: 1 } }), {
        code: "store-unwritable",
        message: new RegExp(dir),
      });
    });

    test("have the group of the old file where no group was asked for", async () => {
      await using dir = tempDir();
      const key = join(dir.path, "key.pem");
      await saveSet({ dir: dir.path, formats }, first, silent);
      chownSync(key, 1, 99);
      const place = { dir: dir.path, formats, owner: { uid: 1234 } };
      await saveSet(place, second, silent);
      assert.deepEqual(idsOf(key), [1234, 99]);
      const { gid } = statSync(dir.path);
      assert.deepEqual(idsOf(join(dir.path, "fullchain.pem")), [1234, gid]);
    });

    test("get it when they are next written, and not before", async () => {
      await using dir = tempDir();
      const key = join(dir.path, "key.pem");
      const place = { dir: dir.path, formats, owner: { uid: 1234, gid: 4321 } };
      await saveSet({ dir: dir.path, formats }, first, silent);
      const before = idsOf(key);
      assert.equal(await saveSet(place, first, silent), false);
      assert.deepEqual(idsOf(key), before);
      await saveSet(place, second, silent);
      assert.deepEqual(idsOf(key), [1234, 4321]);
    });

    test("keep their mode in the same group; in another one a key is closed, and it is said", async () => {
      await using dir = tempDir();
      const key = join(dir.path, "key.pem");
      const place = { dir: dir.path, formats };
      await saveSet(place, first, silent);
      chownSync(key, 1, 99);
      chmodSync(key, 0o640);
      const events: StoreEvent[] = [];
      const watch = (event: StoreEvent) => events.push(event);
      await saveSet({ ...place, owner: { uid: 2 } }, second, watch);
      assert.equal(statSync(key).mode & 0o777, 0o640);
      assert.ok(!events.some(({ type }) => type === "mode"));
      await saveSet({ ...place, owner: { uid: 2, gid: 98 } }, first, watch);
      assert.equal(statSync(key).mode & 0o777, 0o600);
      assert.deepEqual(
        events.filter(({ type }) => type === "mode"),
        [{ type: "mode", file: "key.pem", mode: 0o600 }],
      );
    });
  },
);
