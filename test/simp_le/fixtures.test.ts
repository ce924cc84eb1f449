import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { after, before, describe, test } from "node:test";
import {
  type Contents,
  FORMAT_NAMES,
  FORMATS,
  type Format,
  type FormatName,
} from "../../src/store/formats.ts";
import { loadSet } from "../../src/store/set.ts";
import { fileFlags, pythonJson, simpLeFiles, unaskedCa } from "../support/simp_le.ts";
import { KEPT, keptFiles, NAMES, readKept, TEXT } from "./setting.ts";

const YEAR = 365 * 24 * 60 * 60 * 1000;

test("the files are good for another year at least", () => {
  const { validToDate } = new X509Certificate(readKept("cert.pem"));
  assert.ok(
    validToDate.getTime() > Date.now() + YEAR,
    "make them again with scripts/simp_le-files.ts",
  );
});

describe("what is written is what simp_le writes, with a newline at its end", () => {
  for (const name of FORMAT_NAMES)
    test(name, () => {
      const theirs = readKept(name);
      const { decode, encode }: Format = FORMATS[name];
      const contents: Contents = decode(theirs);
      const ours = encode(contents);
      if (!TEXT.includes(name)) assert.deepEqual(ours, theirs);
      else
        assert.equal(withoutSpace(name, String(ours)), `${withoutSpace(name, String(theirs))}\n`);
    });
});

/** JSON without the white space that simp_le has between its members. */
function withoutSpace(name: FormatName, written: string): string {
  if (!name.endsWith(".json")) return written;
  const end = written.endsWith("\n") ? "\n" : "";
  return JSON.stringify(JSON.parse(written)) + end;
}

test("what other tests take for simp_le's files looks like them, byte for byte", () => {
  const { key, leaf, chain, accountKey } = loadSet({
    dir: KEPT,
    formats: FORMAT_NAMES,
  });
  assert.ok(key && leaf && chain && accountKey);
  const bundle = { key, leaf, chain: [...chain] };
  const { "account_reg.json": made, ...others } = simpLeFiles(bundle, accountKey);
  for (const [name, data] of Object.entries(others))
    assert.deepEqual(Buffer.from(data), readKept(name as FormatName), name);
  const registration = readKept("account_reg.json").toString();
  assert.equal(pythonJson(JSON.parse(registration)), registration);
  assert.deepEqual(shape(String(made)), shape(registration));
});

/** The members of a registration. Those of its body have an order that depends on which there are. */
function shape(registration: string) {
  const value = JSON.parse(registration) as Record<string, object>;
  return [Object.keys(value), Object.keys(value["body"] ?? {}).sort()];
}

const account: FormatName[] = ["account_key.json", "account_reg.json"];
const keys: FormatName[] = ["key.pem", "key.der"];
const certificates: FormatName[][] = [
  ["cert.pem", "chain.pem"],
  ["cert.der", "chain.pem"],
  ["fullchain.pem"],
];
const SETS: FormatName[][] = [
  ...keys.flatMap((key) => certificates.map((rest) => [...account, key, ...rest])),
  [...account, "full.pem"],
  ["account_key.json", "full.pem"],
  FORMAT_NAMES,
];

const FORMS: [what: string, form: (text: string) => string][] = [
  ["with CRLF line ends", (text) => text.replaceAll("\n", "\r\n")],
  ["with CRLF line ends, the last one too", (text) => `${text.replaceAll("\n", "\r\n")}\r\n`],
  ["with a newline at the end", (text) => `${text}\n`],
];

describe("nothing is due where simp_le has been", { concurrency: 3 }, () => {
  let ca: Awaited<ReturnType<typeof unaskedCa>>;
  before(async () => {
    ca = await unaskedCa();
  });
  after(() => ca[Symbol.asyncDispose]());

  /** Runs the program in a folder of simp_le: it must end with 1, ask nobody, and touch nothing. */
  const nothingDue = async (
    flags: string[],
    set: readonly FormatName[] = FORMAT_NAMES,
    form: (text: string) => string = (text) => text,
  ): Promise<void> => {
    await using certs = keptFiles(set, (data, name) =>
      TEXT.includes(name) ? form(data.toString()) : data,
    );
    const state = certs.state();
    const run = await certs.run(
      ...[...ca.options, "--default_root", "/no/such/folder"],
      ...["--valid_min", "0"],
      ...NAMES.flatMap((name) => ["-d", name]),
      ...flags,
    );
    assert.equal(run.code, 1, run.stderr);
    assert.match(run.stderr, /renewal is not necessary/);
    assert.equal(run.stdout, "");
    assert.deepEqual(ca.requests, []);
    assert.deepEqual(certs.state(), state);
  };

  test("without -f", () => nothingDue([]));
  for (const set of SETS) test(set.join(", "), () => nothingDue(fileFlags(set), set));
  for (const [what, form] of FORMS)
    test(`all files, ${what}`, () => nothingDue(fileFlags(), FORMAT_NAMES, form));
});
