import type { Ca } from "./ca.ts";
import { type Command, measure, type Usage } from "./measure.ts";
import type { Tool } from "./tool.ts";

export interface Cost extends Usage {
  /** The requests to the CA. */
  requests: number;
}

/** The result of one program in a scenario. */
export interface Row {
  name: string;
  cost: Cost;
  /** How the cost was measured. */
  how: string;
  command: Command;
  /** The program that the row stands for, in comparisons. */
  tool: string;
  /** The certificates that it got, if the cost for each is to be shown. */
  certificates?: number;
}

export interface Measured {
  rows: Row[];
  /** Why a program is not among the rows. */
  failures: string[];
}

export interface Trial {
  name: string;
  /** The program; another name if this is not the way to do what the scenario is about. */
  tool?: string;
  command: () => Command;
  answer?: Tool["answer"];
  /** If there are fewer requests, the program did nothing, and must not count as fast. */
  leastRequests?: number;
  runs: number;
  /** If it fails, the others are compared without it. */
  dispensable?: boolean;
}

/** The trial of a program, with its commands one after another. */
type Series = Omit<Trial, "command" | "runs">;

/**
 * The medians of several runs of each trial. Trials take turns, so that other load on the machine
 * affects all of them.
 */
export async function compare(ca: Ca, trials: readonly Trial[]): Promise<Measured> {
  const all = trials.map((trial) => ({
    trial,
    costs: [] as Cost[],
    commands: [] as Command[],
    failure: undefined as string | undefined,
  }));
  const rounds = Math.max(0, ...trials.map(({ runs }) => runs));
  for (let round = 0; round < rounds; round += 1) {
    for (const one of all) {
      const { trial, costs, commands } = one;
      if (round >= trial.runs || one.failure !== undefined) continue;
      one.failure = await unless(ca, trial, async () => {
        const command = trial.command();
        commands.push(command);
        costs.push(await costOf(ca, command, trial));
      });
    }
  }
  const rows = all.flatMap(({ trial: { name, tool = name, runs }, ...done }): Row[] => {
    const [command] = done.commands;
    if (command === undefined || done.failure !== undefined) return [];
    const how = runs === 1 ? "one run" : `median of ${runs}`;
    return [{ name, tool, command, how, cost: middle(done.costs) }];
  });
  return { rows, failures: all.flatMap(({ failure }) => failure ?? []) };
}

/** One process after another. Time and requests are scaled up to `count` runs; memory is not. */
export async function loop(
  ca: Ca,
  series: Series,
  { commands, count }: { commands: readonly Command[]; count: number },
): Promise<Measured> {
  const { name, tool = name } = series;
  const [command] = commands;
  if (command === undefined) return { rows: [], failures: [] };
  const costs: Cost[] = [];
  const failure = await unless(ca, series, async () => {
    for (const one of commands) costs.push(await costOf(ca, one, series));
  });
  if (failure !== undefined) return { rows: [], failures: [failure] };
  const factor = count / costs.length;
  const how = factor === 1 ? `all ${count} runs` : `${costs.length} of ${count}, scaled`;
  const cost = combined(costs, (values) => factor * values.reduce((sum, value) => sum + value, 0));
  return { rows: [{ name, tool, command, how, cost }], failures: [] };
}

/**
 * A program that works off names one after another: two runs, with few and with more names, and
 * from them what `count` names would take. Memory is not scaled.
 */
export async function scaled(
  ca: Ca,
  series: Series,
  { commandFor, count }: { commandFor: (names: number) => Command; count: number },
): Promise<Measured> {
  const { name, tool = name } = series;
  const sizes = [1, Math.min(10, count)] as const;
  const costs: Cost[] = [];
  const failure = await unless(ca, series, async () => {
    for (const size of sizes) {
      const least = { ...series, leastRequests: 2 * size };
      costs.push(await costOf(ca, commandFor(size), least));
    }
  });
  if (failure !== undefined) return { rows: [], failures: [failure] };
  const [few, more] = sizes;
  const factor = (count - few) / (more - few);
  const cost = combined(costs, ([low = 0, high = 0]) => low + (high - low) * factor);
  const how = `runs with ${few} and ${more} names, scaled`;
  return { rows: [{ name, tool, command: commandFor(count), how, cost }], failures: [] };
}

/** What the page says of a trial that has failed, if it may fail. A CA that fails ends all of them. */
async function unless(
  { silent }: Ca,
  { name, dispensable }: Series,
  task: () => Promise<void>,
): Promise<string | undefined> {
  try {
    await task();
    return undefined;
  } catch (error) {
    if (silent.aborted || !dispensable) throw error;
    console.error(`${name} failed: ${(error as Error).message}`);
    return `${name} failed, so it is left out.`;
  }
}

async function costOf(
  ca: Ca,
  command: Command,
  { name, answer, leastRequests = 0 }: Series,
): Promise<Cost> {
  await using _server = await answer?.();
  const { result, requests } = await ca.counting(() => measure(command, ca.silent));
  if (requests >= leastRequests) return { ...result, requests };
  throw new Error(`${name} has asked ${requests} times: it has done nothing`);
}

function middle(costs: readonly Cost[]): Cost {
  const median = (values: number[]) => {
    const sorted = values.sort((a, b) => a - b);
    const half = Math.floor(sorted.length / 2);
    const [low = 0, high = low] = sorted.slice(sorted.length % 2 === 0 ? half - 1 : half, half + 1);
    return (low + high) / 2;
  };
  return { ...combined(costs, median), memory: median(costs.map(({ memory }) => memory)) };
}

/** Several costs as one. Memory is the largest. */
function combined(costs: readonly Cost[], as: (values: number[]) => number): Cost {
  const of = (key: keyof Cost) => as(costs.map((cost) => cost[key]));
  return {
    wall: of("wall"),
    cpu: of("cpu"),
    memory: Math.max(...costs.map(({ memory }) => memory)),
    requests: of("requests"),
  };
}
