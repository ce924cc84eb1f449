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
}

export interface Trial {
  name: string;
  /** The program; another name if this is not the way to do what the scenario is about. */
  tool?: string;
  command: () => Command | Promise<Command>;
  answer?: Tool["answer"];
  /** If there are fewer requests, the program did nothing, and must not count as fast. */
  leastRequests?: number;
  runs: number;
}

/**
 * The medians of several runs of each trial. Trials take turns, so that other load on the machine
 * affects all of them.
 */
export async function compare(ca: Ca, trials: readonly Trial[]): Promise<Row[]> {
  const all = trials.map((trial) => ({
    trial,
    costs: [] as Cost[],
    commands: [] as Command[],
  }));
  const rounds = Math.max(0, ...trials.map(({ runs }) => runs));
  for (let round = 0; round < rounds; round += 1) {
    for (const { trial, costs, commands } of all) {
      if (round >= trial.runs) continue;
      const command = await trial.command();
      commands.push(command);
      costs.push(await costOf(ca, command, trial));
    }
  }
  return all.flatMap(({ trial: { name, tool = name, runs }, ...done }) => {
    const [command] = done.commands;
    if (command === undefined) return [];
    const how = runs === 1 ? "one run" : `median of ${runs}`;
    return [{ name, tool, command, how, cost: middle(done.costs) }];
  });
}

/** One process after another. Time and requests are scaled up to `count` runs; memory is not. */
export async function loop(
  ca: Ca,
  trial: Omit<Trial, "command" | "runs">,
  { commands, count }: { commands: readonly Command[]; count: number },
): Promise<Row[]> {
  const { name, tool = name } = trial;
  const [command] = commands;
  if (command === undefined) return [];
  const costs: Cost[] = [];
  for (const one of commands) costs.push(await costOf(ca, one, trial));
  const factor = count / costs.length;
  const whole = (of: keyof Cost) => factor * costs.reduce((sum, cost) => sum + cost[of], 0);
  const how = factor === 1 ? `all ${count} runs` : `${costs.length} of ${count}, scaled`;
  const cost = {
    wall: whole("wall"),
    cpu: whole("cpu"),
    memory: Math.max(...costs.map(({ memory }) => memory)),
    requests: whole("requests"),
  };
  return [{ name, tool, command, how, cost }];
}

async function costOf(
  ca: Ca,
  command: Command,
  { name, answer, leastRequests = 0 }: Omit<Trial, "command" | "runs">,
): Promise<Cost> {
  await using _server = await answer?.();
  const { result, requests } = await ca.counting(() => measure(command));
  if (requests >= leastRequests) return { ...result, requests };
  throw new Error(`${name} has asked ${requests} times: it has done nothing`);
}

function middle(costs: readonly Cost[]): Cost {
  const of = (key: keyof Cost) => {
    const sorted = costs.map((cost) => cost[key]).sort((a, b) => a - b);
    const half = Math.floor(sorted.length / 2);
    const [low = 0, high = low] = sorted.slice(sorted.length % 2 === 0 ? half - 1 : half, half + 1);
    return (low + high) / 2;
  };
  return {
    wall: of("wall"),
    cpu: of("cpu"),
    memory: of("memory"),
    requests: of("requests"),
  };
}
