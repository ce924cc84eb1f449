import {
  growth,
  manyCertificates,
  manyNames,
  manySets,
  type Measurement,
  newAccount,
  nothingDue,
  oneName,
  type Plan,
  type Scenario,
  startUp,
  transport,
} from "./scenarios.ts";
import { type Bench, type Options, startBench } from "./setting.ts";

/** What is measured with one CA, which is there for it alone, at a distance. */
const PARTS = {
  one: () => [oneName, newAccount],
  many: () => [manyNames],
  batch: ({ near }) => (near ? [manyCertificates, nothingDue, manySets] : [manyCertificates]),
  growth: ({ near }) => (near ? [growth] : []),
  start: ({ near }) => (near ? [startUp] : []),
  http2: ({ peersAt }) => (peersAt ? [transport] : []),
} satisfies Record<string, (where: { near: boolean; peersAt: boolean }) => Measurement[]>;

export type PartName = keyof typeof PARTS;

export const PART_NAMES = Object.keys(PARTS) as PartName[];

/** A part of the benchmark at one distance. */
export interface Part {
  name: PartName;
  roundTrip: number;
  measurements: readonly Measurement[];
}

/** All parts, or those of these names and at these distances. */
export function partsOf(
  plan: Plan,
  {
    only = PART_NAMES,
    distances = plan.distances,
  }: { only?: readonly string[] | undefined; distances?: readonly number[] | undefined },
): Part[] {
  return PART_NAMES.filter((name) => only.includes(name)).flatMap((name) =>
    distances
      .map((roundTrip) => ({
        ...{ name, roundTrip },
        measurements: PARTS[name]({ near: roundTrip === 0, peersAt: roundTrip === plan.peersAt }),
      }))
      .filter(({ measurements }) => measurements.length > 0),
  );
}

/** How often a part is tried. */
const TRIES = 3;

export interface Running {
  plan: Plan;
  options: Options;
  /** Gets every scenario as soon as it is measured; a later one for the same replaces it. */
  save: (scenario: Scenario, bench: Bench) => void;
  /** Gets what goes on. */
  say: (line: string) => void;
}

/**
 * Measures a part. If it fails, what it has measured so far is discarded with its CA, and all of it
 * is measured again. Returns whether it ended well.
 */
export async function runPart(part: Part, { plan, options, save, say }: Running): Promise<boolean> {
  const label = `${part.name}, ${part.roundTrip} ms`;
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    try {
      await using bench = await startBench(part.roundTrip, options);
      for (const measurement of part.measurements) {
        const scenario = await measurement(bench, plan);
        save(scenario, bench);
        say(`${label}: ${scenario.title}: done`);
      }
      return true;
    } catch (error) {
      say(`${label}: try ${attempt} of ${TRIES} failed: ${(error as Error).message}`);
    }
  }
  return false;
}
