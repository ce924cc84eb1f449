import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type CliResult, runCli, startCli } from "../support/cli.ts";
import { type Site, fileFlags, site } from "../support/simp_le.ts";
import { systemCode } from "../../src/errors.ts";
import { type Pebble } from "../support/pebble.ts";
import { preload, type Spoil } from "../support/preload.ts";
import { tempDir } from "../support/temp.ts";
import { tell } from "./tally.ts";
import {
  checkAccounts,
  checkGood,
  checkView,
  Lost,
  registeredKeys,
  type View,
  viewOf,
} from "./view.ts";

/** A command that may be disturbed, and that is right to be run again as it is. */
export interface Scene {
  site: Site;
  dir: string;
  words: readonly string[];
  /** The same without --force. */
  gentle?: readonly string[];
  input?: string;
  sets: readonly { dir: string; name: string }[];
  files: readonly string[];
  /** Whether there was an account before. */
  account: boolean;
}

const SIX = ["account_key.json", "account_reg.json"];
const PAIR = ["key.pem", "cert.pem", "chain.pem", "fullchain.pem"];
const NINE = [...SIX, ...PAIR, "key.der", "cert.der", "full.pem"];

const EMAIL = ["--email", "me@example.com"];
const at = (site: Site, dir: string, ...words: string[]) => [
  ...words,
  ...["--certs_dir", dir, "-v", ...site.options],
];

/** Makes a folder for a scene, below the site's or elsewhere. */
function folder(site: Site, name: string, below = site.certs.path): string {
  const dir = join(below, name);
  mkdirSync(dir, { recursive: true });
  return dir;
}

export interface Where {
  name: string;
  below?: string;
}

/** A first run, with nothing there yet. */
export function issuing(site: Site, { name, below }: Where): Scene {
  const dir = folder(site, name, below);
  return {
    ...{ site, dir, account: false, files: [...SIX, ...PAIR] },
    words: [...at(site, dir), ...EMAIL, "-d", site.name],
    sets: [{ dir, name: site.name }],
  };
}

/** A run that gets another certificate in the place of one, with six files or with all nine. */
export async function renewing(
  site: Site,
  { name, below, nine = false }: Where & { nine?: boolean },
): Promise<Scene> {
  const scene = issuing(site, { name, ...(below && { below }) });
  const flags = nine ? fileFlags() : [];
  const words = [...scene.words, ...flags, "--force"];
  const files = nine ? NINE : scene.files;
  const gentle = [...scene.words, ...flags];
  const first = { ...scene, words, gentle, files, account: true };
  await untouched(first);
  return first;
}

/** An account that gets another key. */
export async function rollingOver(site: Site, where: Where): Promise<Scene> {
  const scene = issuing(site, where);
  await untouched(scene);
  // The port is for certificates.
  const asked = { ...site, options: site.options.slice(0, -2) };
  const words = at(asked, scene.dir, "account", "rollover");
  return { ...scene, words, account: true };
}

const LABELS = ["a", "b", "c"];

/** A site with three names more. */
export async function stage(pebble: Pebble): Promise<Site> {
  const made = await site(pebble);
  for (const label of LABELS) await pebble.dns.setA(`${label}.${made.name}`, [made.host]);
  return made;
}

/** Three targets with nothing there yet. */
export function batching(site: Site, { name, below }: Where): Scene {
  const dir = folder(site, name, below);
  const names = LABELS.map((label) => `${label}.${site.name}`);
  return {
    ...{ site, dir, account: false, files: PAIR },
    words: at(site, dir, "batch", "-", ...EMAIL, "--retry"),
    input: JSON.stringify({
      targets: names.map((name) => ({ names: [name] })),
    }),
    sets: names.map((name) => ({ dir: join(dir, name), name })),
  };
}

const optionsOf = ({ input }: Scene, env: Record<string, string>) => ({
  env,
  ...(input !== undefined && { input }),
});

export const start = (scene: Scene, env: Record<string, string> = {}) =>
  startCli([...scene.words], optionsOf(scene, env));

export const play = (scene: Scene, env: Record<string, string> = {}) =>
  runCli([...scene.words], optionsOf(scene, env));

async function untouched(scene: Scene): Promise<void> {
  const { code, stderr } = await play(scene);
  assert.equal(code, 0, stderr);
}

const viewsOf = ({ sets }: Scene): View[] =>
  sets.map(({ dir }) => {
    try {
      return viewOf(dir);
    } catch (error) {
      // The folder of a target that has not had its turn.
      if (systemCode(error) !== "ENOENT") throw error;
      return new Map<string, Buffer>();
    }
  });

/** What one run does, found out by one that nobody disturbs. */
interface Course {
  /** Calls about the folder, in their order. */
  steps: string[];
  lines: number;
  /** Milliseconds. */
  took: number;
}

export async function courseOf(scene: Scene, only?: Spoil["only"]): Promise<Course> {
  await using temp = tempDir();
  const log = join(temp.path, "log");
  const begun = performance.now();
  const env = preload({ dir: scene.dir, log, ...(only && { only }) });
  const { stderr } = await play(scene, env);
  return {
    took: performance.now() - begun,
    lines: stderr.trimEnd().split("\n").length,
    steps: readFileSync(log, "utf8").trimEnd().split("\n"),
  };
}

let turn = 0;

/**
 * Disturbs a run, and then holds what is there against what was, and against what the next run makes of it:
 * the same command, and every other time without --force. `disturb` resolves to the exit code, if there is one.
 */
export async function survives(scene: Scene, disturb: () => Promise<number | null>): Promise<void> {
  const before = viewsOf(scene);
  const asked = scene.site.recorder.count();
  const failed = (await disturb()) === 2;
  const between = viewsOf(scene);
  between.forEach((view, index) => {
    checkView(before[index] ?? new Map<string, Buffer>(), view);
  });
  turn += 1;
  const { gentle } = turn % 2 === 0 ? scene : {};
  const code = await recovers(scene, gentle ?? scene.words);
  // Whoever loads what is new goes by the exit code, and has not been told yet.
  if (failed && gentle !== undefined) assert.equal(code, isChanged(before[0], between[0]) ? 0 : 1);
  else if (failed) assert.equal(code, 0);
  const keys = registeredKeys(scene.site, asked);
  assert.ok(keys <= (scene.account ? 0 : 1), `${keys} accounts were made`);
}

const isChanged = (before?: View, after?: View) =>
  before?.get("cert.pem")?.toString() !== after?.get("cert.pem")?.toString();

async function recovers(scene: Scene, words: readonly string[]): Promise<number> {
  const { code, stderr } = await play({ ...scene, words });
  assert.ok(code === 0 || code === 1, `the next run ended with ${code}: ${stderr}`);
  for (const { dir, name } of scene.sets) checkGood(dir, { files: scene.files, name });
  await checkAccounts(scene.dir, scene.site);
  return code;
}

/** One honest error for each set at most, which names the folder or a file in it; or none, and success. */
export function checkHonest(
  { code, signal, stdout, stderr }: CliResult,
  { dir, sets }: Scene,
  named: string | RegExp = dir,
): number {
  assert.equal(signal, null, stderr);
  assert.doesNotMatch(stderr, /unforeseen|[Uu]nhandled|node:internal.*\n.*throw/);
  assert.equal(stdout, "");
  if (code === 0 || code === 1) return code;
  assert.equal(code, 2, stderr);
  const errors = stderr.split("\n").filter((line) => /^\S+ error: /.test(line));
  // One for each set, and one for the folder of all of them.
  assert.ok(errors.length >= 1 && errors.length <= sets.length + 1, stderr);
  const pattern = typeof named === "string" ? literally(named) : named;
  for (const error of errors) assert.match(error, pattern);
  return code;
}

const literally = (text: string) => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));

export interface Point {
  /** For the message when it goes wrong. */
  what: string;
  run: () => Promise<void>;
}

/** Goes through points one after another, tells what came of them, and fails when anything went wrong. */
export async function sweep(
  t: TestContext,
  fault: string,
  points: readonly Point[],
): Promise<void> {
  const wrong: string[] = [];
  let lost = 0;
  for (const { what, run } of points)
    try {
      await run();
    } catch (error) {
      if (error instanceof Lost) lost += 1;
      wrong.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  const tried = points.length;
  tell(t, { fault, tried, survived: tried - wrong.length, lost });
  assert.equal(wrong.length, 0, wrong.join("\n\n"));
}
