import assert from "node:assert/strict";
import type { KeyObject } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { FORMAT_NAMES, type FormatName } from "../../src/store/formats.ts";
import { loadSet } from "../../src/store/set.ts";
import type { CliResult } from "../support/cli.ts";
import { runSimpLe } from "../support/real_simp_le.ts";
import { type Certs, certsDir, fileFlags } from "../support/simp_le.ts";
import { missing } from "../support/tools.ts";
import { DUE, type Exchange, exchange, TEXT } from "./setting.ts";

const skip = missing("simp_le", "pebble");
const RSA_KEY = ["--cert_key_size", "2048"];
const RSA_ACCOUNT = ["--account_key_size", "2048"];
const RSA = [...RSA_KEY, ...RSA_ACCOUNT];
/** Less than any certificate here has left. */
const NOT_DUE = ["--valid_min", "0"];
const ACCOUNT: FormatName[] = ["account_key.json", "account_reg.json"];

describe("one folder, two programs", { skip, concurrency: true }, () => {
  test("the other one is simp_le 0.20.0", async () => {
    await using certs = certsDir();
    const { stdout } = await runSimpLe(["--version"], { cwd: certs.path });
    assert.equal(stdout, "simp_le 0.20.0\n");
  });

  test("a set of simp_le is taken over, renewed with its account, and given back", async () => {
    await using folder = await sharedFolder();
    const { certs, idle, looked, ours, recorder, renewed, theirs } = folder;
    const words = folder.words(TEXT);

    ended(0, await theirs(...words, ...RSA));
    const account = accountIn(certs);
    await idle(() => ours(...words, ...RSA, ...NOT_DUE));
    await looked(() => ours(...words, ...RSA), "unknown");
    await idle(() => ours(...words, ...RSA));

    await renewed(() => ours(...words, ...RSA, ...DUE));
    assert.equal(rsaBits(keyIn(certs)), 2048);
    await idle(() => theirs(...words, ...RSA));

    await renewed(() => theirs(...words, ...RSA, ...DUE));
    await looked(() => ours(...words, ...RSA), "remembered");
    await idle(() => ours(...words, ...RSA));

    // Nobody says which kind: the present key does.
    await renewed(() => ours(...words, "--force"));
    assert.equal(rsaBits(keyIn(certs)), 2048);
    assert.deepEqual(accountIn(certs), account);
    assert.equal(recorder.count("new-account"), 1);
  });

  test("a set begun here is read, revoked and renewed by simp_le", async () => {
    await using folder = await sharedFolder();
    const { certs, idle, ours, recorder, renewed, theirs } = folder;
    const words = folder.words(FORMAT_NAMES);

    ended(0, await ours(...words, ...RSA));
    assert.deepEqual(certs.files(), [...FORMAT_NAMES].sort());
    const account = accountIn(certs);
    await idle(() => theirs(...words, ...RSA));

    const revoke = (...files: FormatName[]) => [
      ...[...folder.ca, "--revoke"],
      ...fileFlags([...ACCOUNT, ...files]),
    ];
    const state = certs.state();
    ended(0, await theirs(...revoke("cert.der")));
    assert.deepEqual(revocations(folder), [200]);
    assert.deepEqual(certs.state(), state);

    await renewed(() => theirs(...folder.words(TEXT), ...RSA, ...DUE));
    ended(0, await ours(...revoke("cert.pem")));
    assert.deepEqual(revocations(folder), [200, 200]);
    assert.deepEqual(accountIn(certs), account);
    assert.equal(recorder.count("new-account"), 1);
  });

  test("an elliptic key is read by simp_le, and kept with --reuse_key", async () => {
    await using folder = await sharedFolder();
    const { certs, idle, looked, ours, renewed, theirs } = folder;
    const words = folder.words(FORMAT_NAMES);

    ended(0, await ours(...words, ...RSA_ACCOUNT));
    const key = keyIn(certs);
    assert.equal(key.asymmetricKeyType, "ec");
    await idle(() => theirs(...words));

    const text = folder.words(TEXT);
    await renewed(() => theirs(...text, ...DUE, "--reuse_key"));
    assert.ok(keyIn(certs).equals(key));
    await looked(() => ours(...text), "remembered");
    await idle(() => ours(...text));
  });

  test("an elliptic account key is not read by simp_le: it crashes, and changes nothing", async () => {
    await using folder = await sharedFolder();
    const { certs, ours, theirs } = folder;
    const words = folder.words(FORMAT_NAMES);
    ended(0, await ours(...words));
    const { accountKey } = load(certs);
    assert.equal(accountKey?.asymmetricKeyType, "ec");

    const state = certs.state();
    const { stderr } = ended(2, await theirs(...words));
    assert.match(stderr, /^Traceback/m);
    assert.match(stderr, /^KeyError: 'n'$/m);
    assert.deepEqual(certs.state(), state);
  });
});

type Program = (...args: string[]) => Promise<CliResult>;

interface SharedFolder extends Exchange {
  certs: Certs;
  ours: Program;
  theirs: Program;
  /** A run that must find nothing due: no request, no file touched, exit code 1. */
  idle: (run: Program) => Promise<void>;
  /**
   * The same, but for the one look at the CA that may have issued the certificate. Its directory is
   * remembered or not.
   */
  looked: (run: Program, directory: "remembered" | "unknown") => Promise<void>;
  /** A run that must bring a new certificate without a new account. */
  renewed: (run: Program) => Promise<void>;
}

/** An empty folder in which both programs run, and the CA of both. */
async function sharedFolder(): Promise<SharedFolder> {
  await using stack = new AsyncDisposableStack();
  const at = stack.use(await exchange());
  const certs = stack.use(certsDir());
  const all = stack.move();
  const { recorder } = at;
  const keeps = async (run: Program, kinds: string[]) => {
    const before = certs.state();
    const requests = recorder.count();
    const { stderr } = ended(1, await run());
    assert.match(stderr, /renewal is not necessary/);
    const asked = recorder.requests.slice(requests);
    assert.deepEqual(
      asked.map(({ kind }) => kind),
      kinds,
    );
    assert.deepEqual(certs.state(), before);
  };
  return {
    ...at,
    certs,
    ours: (...args) => certs.run(...args),
    theirs: (...args) => runSimpLe(args, { cwd: certs.path }),
    idle: (run) => keeps(run, []),
    looked: (run, directory) =>
      keeps(run, [...(directory === "unknown" ? ["directory"] : []), "renewal-info"]),
    async renewed(run) {
      const leaf = () => load(certs).leaf?.fingerprint256;
      const before = leaf();
      const accounts = recorder.count("new-account");
      ended(0, await run());
      assert.notEqual(leaf(), before);
      assert.equal(recorder.count("new-account"), accounts);
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

function ended(code: number, result: CliResult): CliResult {
  assert.equal(result.code, code, result.stderr);
  assert.equal(result.stdout, "");
  return result;
}

/** What the text files hold. Throws when one is missing, or two do not agree. */
function load(certs: Certs) {
  const there = certs.files();
  const lost = TEXT.filter((name) => !there.includes(name));
  assert.deepEqual(lost, []);
  return loadSet({ dir: certs.path, formats: TEXT });
}

function keyIn(certs: Certs): KeyObject {
  const { key } = load(certs);
  assert.ok(key);
  return key;
}

/** Undefined for other keys. */
function rsaBits(key: KeyObject): number | undefined {
  return key.asymmetricKeyDetails?.modulusLength;
}

/** The files of the account, which a renewal must not write; it may narrow their mode. */
function accountIn(certs: Certs) {
  return ACCOUNT.map((name) => [
    certs.read(name),
    statSync(join(certs.path, name), { bigint: true }).mtimeNs,
  ]);
}

/** The status of each answer to a request to revoke. */
function revocations({ recorder }: Exchange): (number | undefined)[] {
  return recorder.requests.filter(({ kind }) => kind === "revoke").map(({ status }) => status);
}
