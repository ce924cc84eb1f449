import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { openWebroot } from "../../src/challenge/webroot.ts";
import { AppError } from "../../src/errors.ts";
import type { FormatName } from "../../src/store/formats.ts";
import { saveSet } from "../../src/store/set.ts";
import { answer, name } from "../challenge/responder.contract.ts";
import { makeBundle } from "../support/certificates.ts";
import { startProcess } from "../support/process.ts";
import { tempDir } from "../support/temp.ts";
import { missing, requireTool } from "../support/tools.ts";
import { tell, times } from "./tally.ts";

/** Somebody else, who owns the folder that root works in. */
const OTHER = 1234;
const never = new AbortController().signal;
const silent = () => undefined;

const skip =
  missing("gcc") || (process.getuid?.() !== 0 && "only root can be led astray by others");

const SOURCE = resolve(import.meta.dirname, "../fixtures/swap.c");
let program: string | undefined;

function compiled(): string {
  const dir = tempDir().path;
  chmodSync(dir, 0o755);
  const file = join(dir, "swap");
  execFileSync(requireTool("gcc"), ["-O2", "-Wall", "-Werror", "-o", file, SOURCE]);
  return file;
}

/** A folder of somebody else's, and a file and a folder of root's that root is to be led to. */
function scene() {
  const temp = tempDir();
  chmodSync(temp.path, 0o755);
  const home = join(temp.path, "home");
  const [dir, file, folder] = [
    join(home, "certs"),
    join(temp.path, "secret"),
    join(temp.path, "others"),
  ];
  for (const each of [home, dir, folder]) mkdirSync(each);
  for (const each of [home, dir]) chownSync(each, OTHER, OTHER);
  writeFileSync(file, "secret", { mode: 0o600 });
  writeFileSync(join(folder, "key.pem"), "secret", { mode: 0o600 });
  return {
    ...{ dir, file, folder },
    /** Throws when root has touched what is not its own to touch. */
    check: () => {
      const { uid, mode } = statSync(file);
      assert.deepEqual([uid, mode & 0o777], [0, 0o600]);
      assert.equal(readFileSync(file, "utf8"), "secret");
      assert.deepEqual(readdirSync(folder), ["key.pem"]);
      assert.equal(readFileSync(join(folder, "key.pem"), "utf8"), "secret");
    },
    [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose](),
  };
}

interface Attack {
  fault: string;
  words: readonly string[];
  tries: number;
  /** One thing that root does there; may fail with an AppError. */
  work: (turn: number) => Promise<unknown>;
  check: () => void;
}

/** Does something over and over while somebody else changes what lies there. */
async function attacked(
  t: TestContext,
  { fault, words, tries, work, check }: Attack,
): Promise<void> {
  program ??= compiled();
  await using other = await startProcess(program, [...words], { uid: OTHER });
  await other.until(/ready/);
  for (let turn = 0; turn < tries; turn += 1) {
    await work(turn).catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error;
      assert.notEqual(error.code, "internal", error.message);
    });
    check();
  }
  other.kill("SIGTERM");
  await other.exited;
  const swapped = Number(/\d+/.exec(other.stdout())?.[0]);
  t.diagnostic(`${swapped} links put in the way`);
  assert.ok(swapped > tries / 20, "nobody has attacked");
  tell(t, { fault, tried: tries, survived: tries, lost: 0 });
}

describe("somebody who owns the folder that root works in", { skip }, () => {
  test("does not get at another file by a link in the place of a challenge's answer", async (t) => {
    await using place = scene();
    const folder = join(place.dir, ".well-known/acme-challenge");
    mkdirSync(folder, { recursive: true });
    for (const each of [join(place.dir, ".well-known"), folder]) chownSync(each, OTHER, OTHER);
    const roots = new Map([[name("a.test"), place.dir]]);
    await attacked(t, {
      fault: "Links in a webroot",
      words: [folder, place.file],
      tries: times(60, 1000),
      async work() {
        await using _publication = await openWebroot(roots).publish([answer("a.test")], never);
      },
      check: place.check,
    });
  });

  const bundles = [makeBundle(), makeBundle()];
  const formats: FormatName[] = ["key.pem", "fullchain.pem"];
  const save = (dir: string, owner?: { uid: number }) => async (turn: number) => {
    for (const entry of readdirSync(dir)) rmSync(join(dir, entry), { force: true });
    const bundle = bundles[turn % 2];
    assert.ok(bundle);
    await saveSet({ dir, formats, owner }, bundle, silent);
    await saveSet({ dir, formats, owner }, bundles[(turn + 1) % 2] ?? bundle, silent);
  };

  test("does not get at another file by a link in the place of a new certificate's", async (t) => {
    await using place = scene();
    await attacked(t, {
      fault: "Links in a set's folder",
      words: [place.dir, place.file],
      tries: times(60, 1000),
      work: save(place.dir, { uid: OTHER }),
      check: place.check,
    });
  });

  test("does not have another folder written to by a link in the place of its own", async (t) => {
    await using place = scene();
    await attacked(t, {
      fault: "A link in the place of a set's folder",
      words: ["-d", place.dir, place.folder],
      tries: times(200, 2000),
      async work(turn) {
        const bundle = bundles[turn % 2];
        assert.ok(bundle);
        await saveSet({ dir: place.dir, formats }, bundle, silent);
      },
      check: place.check,
    });
    const aside = `${place.dir}.aside`;
    const dir = lstatSync(place.dir).isSymbolicLink() ? aside : place.dir;
    assert.ok(readdirSync(dir).includes("key.pem"), "nothing was saved at all");
  });
});
