import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { namesOf } from "../../src/store/bundle.ts";
import type { FormatName } from "../../src/store/formats.ts";
import { loadSet } from "../../src/store/set.ts";
import { runCli } from "../support/cli.ts";
import { runSimpLe } from "../support/real_simp_le.ts";
import { fileFlags } from "../support/simp_le.ts";
import { missing } from "../support/tools.ts";
import { DUE, exchange, KEPT, keptFiles, NAMES } from "./setting.ts";

const skip = missing("simp_le", "pebble");

const PROGRAMS = { simp_le: runSimpLe, "acme-sidecar": runCli };
const SET: FormatName[] = [
  "account_key.json",
  "account_reg.json",
  "key.pem",
  "cert.pem",
  "chain.pem",
  "fullchain.pem",
];
/** Without another file that holds the certificate. */
const PARTS = SET.filter((name) => name !== "fullchain.pem");
const NEW = 0;
const NOT_DUE = 1;
const ERROR = 2;

/** A command in a folder that simp_le has left. */
interface Situation {
  what: string;
  code: typeof NEW | typeof NOT_DUE | typeof ERROR;
  /** Instead of `-f` for each of SET. */
  set?: readonly FormatName[];
  /** Instead of `-d` for the names of the certificate. */
  vhosts?: readonly string[];
  more?: readonly string[];
  /** What happened to the folder before. */
  change?: (dir: string) => void;
}

const write = (name: FormatName, edit: (text: string) => string) => (dir: string) => {
  const file = join(dir, name);
  writeFileSync(file, edit(readFileSync(file, "utf8")));
};

/** The CA of the kept files is gone, and their account with it. */
const withoutAccount = (dir: string) => {
  rmSync(join(dir, "account_key.json"));
  rmSync(join(dir, "account_reg.json"));
};

const SITUATIONS: Situation[] = [
  { what: "nothing due", code: NOT_DUE },
  {
    what: "names repeated, in capitals, in another order",
    code: NOT_DUE,
    vhosts: ["WWW.a.test", "a.test", "A.TEST", "a.test"],
  },
  {
    what: "another account, server and key size than the certificate was made with",
    code: NOT_DUE,
    more: ["--server", "https://localhost:1/dir", "--cert_key_size", "4096"],
    change: withoutAccount,
  },
  {
    what: "options cut short and written in one word",
    code: NOT_DUE,
    set: [],
    vhosts: [],
    more: [
      ...["--valid", "5", "--vho=a.test", "-dwww.a.test", "-v"],
      ...SET.map((name) => `-f${name}`),
    ],
  },
  {
    what: "the last of a repeated option",
    code: NOT_DUE,
    more: [...DUE, "--valid_min", "5"],
  },
  { what: "--vers", code: NEW, more: ["--vers"] },

  {
    what: "one name more",
    code: NEW,
    vhosts: [...NAMES, "b.test"],
    change: withoutAccount,
  },
  {
    what: "one name less",
    code: NEW,
    vhosts: NAMES.slice(1),
    change: withoutAccount,
  },
  {
    what: "no cert.pem, and nothing else that holds it",
    code: NEW,
    set: PARTS,
    change(dir) {
      withoutAccount(dir);
      rmSync(join(dir, "cert.pem"));
    },
  },
  {
    what: "--reuse_key when it is due",
    code: NEW,
    more: [...DUE, "--reuse_key"],
    change: withoutAccount,
  },

  { what: "no -d", code: ERROR, vhosts: [] },
  {
    what: "no place for the chain",
    code: ERROR,
    set: SET.filter((name) => !name.includes("chain")),
  },
  { what: "a bad e-mail", code: ERROR, more: ["--email", "nobody"] },
  { what: "an unknown option", code: ERROR, more: ["--verbatim"] },
  { what: "an ambiguous option", code: ERROR, more: ["--account_key", "2048"] },
  { what: "half a second", code: ERROR, more: ["--valid_min", "0.5"] },
  {
    what: "an empty key.pem",
    code: ERROR,
    change: write("key.pem", () => ""),
  },
  {
    what: "a chain.pem that is cut off",
    code: ERROR,
    set: PARTS,
    change: write("chain.pem", (text) => text.slice(0, text.length / 2)),
  },
  {
    what: "another certificate in cert.pem than in fullchain.pem",
    code: ERROR,
    change(dir) {
      const chain = readFileSync(join(dir, "chain.pem"));
      writeFileSync(join(dir, "cert.pem"), chain);
    },
  },
  {
    what: "an account_key.json that is no JSON",
    code: ERROR,
    change: write("account_key.json", (text) => text.slice(1)),
  },
  {
    what: "an account_reg.json without uri",
    code: ERROR,
    change: write("account_reg.json", (text) => text.replace('"uri"', '"url"')),
  },
];

test("both programs decide alike", { skip, concurrency: 3 }, async (t) => {
  await using at = await exchange();
  const run = async (situation: Situation): Promise<void> => {
    const { vhosts = NAMES, set = SET, more = [] } = situation;
    const words = [
      ...at.ca,
      ...["--default_root", at.root, "--email", "me@example.com"],
      ...["--account_key_size", "2048", "--cert_key_size", "2048"],
      ...vhosts.flatMap((name) => ["-d", name]),
      ...[...fileFlags(set), ...more],
    ];
    for (const [name, program] of Object.entries(PROGRAMS)) {
      await using certs = keptFiles();
      situation.change?.(certs.path);
      const before = certs.state();
      const result = await program(words, { cwd: certs.path });
      assert.equal(result.code, situation.code, `${name}: ${result.stderr}`);
      if (result.code === NEW && result.stdout === "") isNew(situation, certs.path);
      else assert.deepEqual(certs.state(), before, name);
    }
  };
  await Promise.all(SITUATIONS.map((each) => t.test(each.what, () => run(each))));
});

/** Whether a new certificate is there for the names asked for, with the key asked for. */
function isNew(situation: Situation, dir: string): void {
  const { vhosts = NAMES, set = SET, more = [] } = situation;
  const { key, leaf } = loadSet({ dir, formats: set });
  assert.ok(key && leaf);
  assert.deepEqual(namesOf(leaf).sort(), [...vhosts].sort());
  const kept = loadSet({ dir: KEPT, formats: set });
  assert.notEqual(leaf.fingerprint256, kept.leaf?.fingerprint256);
  assert.equal(kept.key?.equals(key), more.includes("--reuse_key"));
}
