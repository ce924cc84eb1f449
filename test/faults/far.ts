import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { namesOf } from "../../src/store/bundle.ts";
import { type CliResult, runCli } from "../support/cli.ts";
import type { Exchange } from "../support/exchange.ts";
import type { Pebble } from "../support/pebble.ts";
import type { RecorderOptions } from "../support/recorder.ts";
import { type Relay, type RelayOptions, startRelay } from "../support/relay.ts";
import { type Site, site } from "../support/simp_le.ts";
import { tempDir } from "../support/temp.ts";
import { flawsOfRun } from "./judge.ts";

/** Milliseconds: twice of what makes a CA far away. */
const ROUND_TRIP = 40;
const SHORT_WAITS = join(import.meta.dirname, "../fixtures/short-waits.ts");

interface FarOptions extends Partial<RelayOptions>, RecorderOptions {
  /** How many names there are. */
  count: number;
}

export interface Far extends Site {
  names: string[];
  relay: Relay;
  /** Whether waits of the program take a fraction of their time from now on. */
  hurry(isHurried: boolean): void;
  /** One certificate for all names. */
  issue(): Promise<CliResult>;
  /** A certificate for each name. */
  batch(): Promise<CliResult>;
}

/** A recorder before Pebble, so far away that requests go side by side, and the program with its folder. */
export async function far(
  pebble: Pebble,
  { count, protocols, ...relaying }: FarOptions,
): Promise<Far> {
  await using stack = new AsyncDisposableStack();
  const base = stack.use(await site(pebble, protocols && { protocols }));
  const { directoryUrl } = base.recorder;
  const port = Number(new URL(directoryUrl).port);
  const relay = stack.use(await startRelay(port, { roundTrip: ROUND_TRIP, ...relaying }));
  const names = Array.from({ length: count }, (_, n) => `n${n}.${base.name}`);
  for (const name of names) await pebble.dns.setA(name, [base.host]);
  const options = base.options.map((word) =>
    word === directoryUrl ? relay.through(directoryUrl) : word,
  );
  const sign = join(stack.use(tempDir()).path, "short");
  const env = { NODE_OPTIONS: `--import=${SHORT_WAITS}`, SHORT_WAITS: sign };
  const run = (words: string[], input = "") =>
    runCli([...words, ...options], { cwd: base.certs.path, env, input });
  const all = stack.move();
  return {
    ...base,
    ...{ names, relay },
    hurry(isHurried) {
      if (isHurried) writeFileSync(sign, "");
      else rmSync(sign);
    },
    issue: () => run(names.flatMap((name) => ["-d", name])),
    batch() {
      const targets = names.map((name) => ({ id: name, names: [name] }));
      return run(["batch", "-"], JSON.stringify({ targets }));
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** That a run said what it should, and got a certificate for all names, or one for each. */
export function assertGreen({ names, certs }: Far, result: CliResult, each = false): void {
  assert.deepEqual(flawsOfRun({ ...result, json: false, peak: 0 }), [], result.stderr);
  assert.equal(result.code, 0, result.stderr);
  for (const set of each ? names.map((name) => [name]) : [names]) {
    const pem = certs.read(join(each ? (set[0] ?? "") : "", "cert.pem"));
    assert.deepEqual(namesOf(new X509Certificate(pem)).sort(), [...set].sort());
  }
}

/** That the lanes were open: several nonces were fetched, and requests were under way side by side. */
export function assertOpen({ recorder }: Far): void {
  assert.ok(recorder.count("new-nonce") > 1, "one nonce");
  assert.ok(sideBySide(recorder.requests) > 1, "one request after another");
}

/** No more requests than this, of which so many at most for nonces. */
export function assertNoStorm({ recorder }: Far, most: { all: number; nonces: number }): void {
  const [all, nonces] = [recorder.count(), recorder.count("new-nonce")];
  assert.ok(all <= most.all && nonces <= most.nonces, `${all} requests, ${nonces} for nonces`);
}

/**
 * How many requests that were answered were under way at once, at least: each left its sender half a round
 * trip before it came, and its answer takes as long.
 */
export function sideBySide(requests: readonly Exchange[]): number {
  const changes = requests
    .filter(({ until }) => until !== undefined)
    .flatMap(({ at, until = at }) => [
      { when: at - ROUND_TRIP / 2, by: 1 },
      { when: until + ROUND_TRIP / 2, by: -1 },
    ])
    .sort((one, other) => one.when - other.when || one.by - other.by);
  let [now, peak] = [0, 0];
  for (const { by } of changes) peak = Math.max(peak, (now += by));
  return peak;
}

/** How often a run has told of a request that it sends again. */
export const retriesIn = ({ stderr }: Pick<CliResult, "stderr">): number =>
  stderr.match(/Trying again/g)?.length ?? 0;
