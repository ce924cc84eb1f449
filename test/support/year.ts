import type { X509Certificate } from "node:crypto";
import { decide } from "../../src/core/decide.ts";
import { authorityToAsk, withRenewalInfo } from "../../src/core/renewal.ts";
import type { Target } from "../../src/core/target.ts";
import { parseName } from "../../src/name.ts";
import type { Origin } from "../../src/store/state.ts";
import { after, DAY, HOUR, MINUTE } from "../../src/time.ts";
import { type MadeBundle, makeBundle } from "./certificates.ts";

export interface Climate {
  /** Of a certificate, in milliseconds. */
  life: number;
  /** Whether the CA has renewal information. */
  ari: boolean;
  seed: number;
}

export interface Year {
  orders: number;
  /** Orders placed inside the window that the CA wanted. */
  inWindow: number;
  /** Runs that met a CA that was down. */
  failures: number;
  /** Milliseconds left when there was least. */
  least: number;
}

const LONGEST_OUTAGE = 3 * DAY;
/** Let's Encrypt backdates by as much. */
const BACKDATED = HOUR;

const NAME = "a.test";
const parsed = parseName(NAME);
if ("problem" in parsed) throw new Error(parsed.problem);
const want: Target["want"] = {
  names: [parsed.name],
  nextRun: DAY,
  force: false,
};

const CA = "https://ca.test";

/**
 * A year of daily runs, with a CA that is down now and then for up to three days.
 * One certificate stands for all: each is looked at in its own time, which begins
 * when it is issued.
 */
export function liveThroughYear({ life, ari, seed }: Climate): Year {
  const random = generator(seed);
  const certificate = certificateOf(life);
  const { leaf } = certificate;
  const birth = after(leaf.validFromDate, BACKDATED);
  const start = new Date("2027-01-01T04:17:00Z");
  const outages = outagesFrom(start, random);
  const year = { orders: 0, inWindow: 0, failures: 0, least: Infinity };
  let issued: Date | undefined;
  let origin: Origin | undefined;

  for (let day = 0; day < 365; day += 1) {
    const today = after(start, day * DAY + random() * 10 * MINUTE);
    const down = outages.some(({ from, to }) => from <= today && today < to);
    const now = after(birth, today.getTime() - (issued ?? today).getTime());
    const ask = (asked: Origin) =>
      withRenewalInfo(
        asked,
        { from: CA, info: ari && !down ? wishOf(leaf, now) : silence(now) },
        random(),
      );
    if (origin !== undefined) {
      const left = leaf.validToDate.getTime() - now.getTime();
      year.least = Math.min(year.least, left);
      const asked = authorityToAsk({ want, ask: { from: [CA] } }, origin, now);
      if (asked !== undefined) origin = ask(origin);
    }
    const found = issued === undefined ? {} : certificate;
    if (decide(want, { found, origin }, now).keep) continue;
    year.failures += Number(down);
    if (down) continue;
    year.orders += 1;
    year.inWindow += Number(isInside(origin?.window, now));
    issued = today;
    const fresh = { certificate: leaf.fingerprint256, from: CA };
    const info = ari ? wishOf(leaf, birth) : silence(birth);
    origin = withRenewalInfo(fresh, { from: CA, info }, random());
  }
  return year;
}

const isInside = (window: Origin["window"], now: Date) =>
  window !== undefined && window.start <= now && now < window.end;

const made = new Map<number, MadeBundle>();

function certificateOf(life: number): MadeBundle {
  const known = made.get(life) ?? makeBundle({ days: life / DAY });
  made.set(life, known);
  return known;
}

/** What Let's Encrypt wants: around two thirds of a certificate's life, or half below ten days. */
function wishOf(leaf: X509Certificate, now: Date) {
  const life = leaf.validToDate.getTime() - leaf.validFromDate.getTime();
  const middle = leaf.validFromDate.getTime() + life * (life < 10 * DAY ? 1 / 2 : 2 / 3);
  return {
    window: {
      start: new Date(middle - life / 100),
      end: new Date(middle + life / 100),
    },
    answered: true,
    lookAgain: after(now, 6 * HOUR),
  };
}

const silence = (now: Date) => ({
  window: undefined,
  answered: false,
  lookAgain: after(now, 6 * HOUR),
});

/** One outage in each 20 days, of any length up to the longest. */
function outagesFrom(start: Date, random: () => number) {
  const first = random() * 20;
  return Array.from({ length: 19 }, (_, index) => {
    const from = after(start, (first + (index + random() * 0.85) * 20) * DAY);
    return { from, to: after(from, random() * LONGEST_OUTAGE) };
  });
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
