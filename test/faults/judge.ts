import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sameNames, namesOf } from "../../src/store/bundle.ts";
import type { CliResult } from "../support/cli.ts";

/** The files that make up a certificate, and the account's key, which no run may change. */
const SET = ["key.pem", "cert.pem", "chain.pem", "fullchain.pem"];

/** What is in the files of a set, and of its account's key, if there is one. */
export function contentsOf(dir: string): Record<string, string> {
  const there = [...SET, "account_key.json"].filter((name) => existsSync(join(dir, name)));
  return Object.fromEntries(there.map((name) => [name, readFileSync(join(dir, name), "utf8")]));
}

export interface Judged extends CliResult {
  json: boolean;
  /** The most memory it had, in KiB. */
  peak: number;
}

const MOST_MEMORY = 300 * 1024;
/** In characters; as JSON an error is told twice. */
const LONGEST_LINE = 70_000;

/** What is wrong with how a run ended and with what it said. */
export function flawsOfRun(run: Judged): string[] {
  const { code, signal, stdout, stderr, peak } = run;
  const flaws: string[] = [];
  const expect = (right: boolean, flaw: string) => {
    if (!right) flaws.push(flaw);
  };
  expect(signal === null, `it was ended by ${String(signal)}`);
  expect(code === 0 || code === 2, `exit code ${String(code)}`);
  expect(stdout === "", "something on stdout");
  expect(peak < MOST_MEMORY, `${peak} KiB of memory`);
  // What a terminal would obey, and what is read otherwise than it is written.
  const control =
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/u;
  expect(!control.test(stderr), "control or invisible characters");
  expect(!stderr.includes("hunter2"), "a password");
  expect(!/unhandled|unforeseen|\(node:|^ +at /im.test(stderr), "something nobody foresaw");
  const lines = stderr.trimEnd().split("\n");
  expect(
    lines.every(({ length }) => length < LONGEST_LINE),
    "a line that is too long",
  );
  return [...flaws, ...(run.json ? flawsOfJson : flawsOfText)(lines, code)];
}

/** A line of the log, or what goes on with the one before. */
const LINE = /^(?:\d{4}-\d\d-\d\dT[\d:.]+Z (?:info|warn|error|debug): | {2})\S/;

function flawsOfText(lines: string[], code: number | null): string[] {
  const flaws = lines
    .filter((line) => !LINE.test(line))
    .map((line) => `not a line of the log: ${line.slice(0, 100)}`);
  const errors = lines.filter((line) => /^\S+ error:/.test(line));
  if (errors.length !== (code === 0 ? 0 : 1)) flaws.push(`${errors.length} errors`);
  return flaws;
}

interface JsonLine {
  level: string;
  error?: { code: string; message: string; hint?: string };
}

function flawsOfJson(lines: string[], code: number | null): string[] {
  try {
    const errors = lines
      .map((line) => JSON.parse(line) as JsonLine)
      .filter(({ level }) => level === "error");
    if (errors.length !== (code === 0 ? 0 : 1)) return [`${errors.length} errors`];
    return errors.flatMap(({ error }) => [
      ...(error?.code === "internal" ? ["an internal error"] : []),
      ...(error?.message.match(/\S \S.*\S$/) ? [] : ["no message"]),
      ...(error?.hint?.match(/^[A-Z"].*[.)]$/) ? [] : ["nothing to do"]),
    ]);
  } catch {
    return [`not JSON: ${lines.join("\n").slice(0, 200)}`];
  }
}

interface Sets {
  before: Record<string, string>;
  after: Record<string, string>;
  code: number | null;
}

/** What is lost of a set by a run that failed, or wrong with the one that a run has got. */
export function lossesIn(
  { before, after, code }: Sets,
  names: readonly string[],
  roots: readonly X509Certificate[],
): string[] {
  const changed = SET.filter((file) => before[file] !== after[file]);
  const account = before["account_key.json"];
  const rolled =
    account !== undefined && account !== after["account_key.json"]
      ? ["account_key.json has changed"]
      : [];
  if (code !== 0) return [...rolled, ...changed.map((file) => `${file} has changed`)];
  try {
    return [...rolled, ...wrongIn(after, names, roots)];
  } catch (error) {
    return [...rolled, String(error)];
  }
}

function wrongIn(
  set: Record<string, string>,
  names: readonly string[],
  roots: readonly X509Certificate[],
): string[] {
  const [key = "", cert = "", chain = "", full = ""] = SET.map((file) => set[file]);
  const blocks = full.match(/-----BEGIN [^]+?-----END CERTIFICATE-----\n/g);
  const path = (blocks ?? []).map((block) => new X509Certificate(block));
  const [leaf] = path;
  const top = path.at(-1);
  if (leaf === undefined || top === undefined) return ["no certificate"];
  const checks: [boolean, string][] = [
    [leaf.checkPrivateKey(createPrivateKey(key)), "another key"],
    [sameNames(namesOf(leaf), names), "other names"],
    [full === cert + chain, "files that contradict each other"],
    [blocks?.join("") === full, "something between the certificates"],
    [!full.includes("PRIVATE"), "a key among the certificates"],
    [path.slice(1).every((issuer, at) => path[at]?.verify(issuer.publicKey)), "a broken chain"],
    [roots.some((root) => top.verify(root.publicKey)), "another CA's chain"],
  ];
  return checks.filter(([right]) => !right).map(([, flaw]) => flaw);
}
