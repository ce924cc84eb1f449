import { seconds } from "./document.ts";
import type { Result, ResultRow } from "./results.ts";
import type { Id } from "./scenarios.ts";

/** A goal of this program. */
export interface Goal {
  aim: string;
  /** The measured value; undefined if it was not measured. */
  found: string | undefined;
  reached: boolean;
}

const OURS = "acme-sidecar";
const ASKING = `${OURS} without --valid_min`;
const LEGOS = ["lego (Debian)", "lego (newest)"];
const FAR = 100;

/** The smallest count for which a goal says something; a quick run has fewer. */
const LEAST: Partial<Record<Id, number>> = { many: 100, batch: 200, growth: 5000, sets: 1000 };

/** The goals, and what the results say about them. */
export function judge(results: readonly Result[]): Goal[] {
  const rowsOf = (id: Id, away = 0): readonly ResultRow[] => {
    const found = results.find((one) => one.id === id && one.away === away);
    return found === undefined || found.count < (LEAST[id] ?? 1) ? [] : found.rows;
  };
  const row = (id: Id, name = OURS, away = 0) => rowsOf(id, away).find((one) => one.name === name);

  const faster = (id: Id, away: number, least: number, peers?: readonly string[]) => {
    const rows = rowsOf(id, away);
    const ours = rows.find(({ name }) => name === OURS);
    const others = rows.filter(({ tool }) => peers?.includes(tool) ?? !tool.startsWith(OURS));
    return ours === undefined || others.length === 0
      ? MISSING
      : {
          found: others
            .map(({ name, cost }) => `${(cost.wall / ours.cost.wall).toFixed(2)} times ${name}`)
            .join(", "),
          reached: others.every(({ cost }) => cost.wall / ours.cost.wall >= least),
        };
  };
  const wall = (id: Id, most: number, away = 0) =>
    verdict(row(id, OURS, away)?.cost.wall, (value) => value <= most, seconds);
  const memory = (found: ResultRow | undefined, most: number) =>
    verdict(
      found && found.cost.memory / 1e6,
      (value) => value <= most,
      (value) => `${value.toFixed(0)} MB`,
    );
  const requests = (found: ResultRow | undefined, most: number) =>
    verdict(found?.cost.requests, (value) => value <= most, String);

  const [few, most] = [row("growth", "200 certificates"), row("growth", "5000 certificates")];
  const [due, node] = [row("start", "nothing due"), row("start", "node -e 0")];
  const than = (away: number) => [
    {
      aim: `one name, account exists, ${away} ms away: 1.25 times faster than lego`,
      ...faster("one", away, 1.25, LEGOS),
    },
    {
      aim: `one name, new account, ${away} ms away: 1.25 times faster than lego`,
      ...faster("fresh", away, 1.25, LEGOS),
    },
  ];
  return [
    ...[20, 50, 100, 200].flatMap(than),
    {
      aim: "100 names, 100 ms away: 3 s at most (version 0.1.0 took 24.9 s)",
      ...wall("many", 3, FAR),
    },
    {
      aim: "100 names, 100 ms away: faster than every other program",
      ...faster("many", FAR, 1),
    },
    { aim: "200 certificates, 100 ms away: 10 s at most", ...wall("batch", 10, FAR) },
    {
      aim: "5,000 certificates: at most 1.2 times the time of 200 for each",
      ...verdict(
        few && most && most.cost.wall / 5000 / (few.cost.wall / 200),
        (ratio) => ratio <= 1.2,
        (ratio) => `${ratio.toFixed(2)} times`,
      ),
    },
    { aim: "5,000 certificates: 250 MB of memory at most", ...memory(most, 250) },
    { aim: "200 certificates: 120 MB of memory at most", ...memory(row("batch"), 120) },
    { aim: "one name: 75 MB of memory at most", ...memory(row("one"), 75) },
    { aim: "one name on loopback: 200 ms at most", ...wall("one", 0.2) },
    {
      aim: "nothing due for one certificate: 1.8 times of `node -e 0` at most",
      ...verdict(
        due && node && due.cost.wall / node.cost.wall,
        (ratio) => ratio <= 1.8,
        (ratio) => `${ratio.toFixed(2)} times`,
      ),
    },
    {
      aim: "1,000 certificates, nothing due: less than a second, and no request",
      ...verdict(
        row("sets")?.cost,
        (cost) => cost.wall < 1 && cost.requests === 0,
        (cost) => `${seconds(cost.wall)}, ${cost.requests} requests`,
      ),
    },
    ...([1, 100] as const).flatMap((names) => {
      const id = names === 1 ? "fresh" : "many";
      const subject = names === 1 ? "one name" : "100 names";
      const base = 2 * names + 7;
      return [
        { aim: `${subject}: ${base} requests (2N+7) at most`, ...requests(row(id), base) },
        {
          aim: `${subject}, asking when to renew: ${base + 1} requests (2N+8) at most`,
          ...requests(row(id, ASKING), base + 1),
        },
        {
          aim: `${subject}, 100 ms away: ${base + 16} requests (2N+7+16) at most`,
          ...requests(row(id, OURS, FAR), base + 16),
        },
      ];
    }),
  ];
}

const MISSING: Omit<Goal, "aim"> = { found: undefined, reached: false };

function verdict<T>(
  value: T | undefined,
  suffices: (value: T) => boolean,
  say: (value: T) => string,
): Omit<Goal, "aim"> {
  return value === undefined ? MISSING : { found: say(value), reached: suffices(value) };
}
