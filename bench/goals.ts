import type { Row } from "./compare.ts";
import type { Plan, Scenario } from "./scenarios.ts";

/** A goal of this program. */
export interface Goal {
  aim: string;
  /** The measured value; undefined if it was not measured. */
  found: string | undefined;
  reached: boolean;
}

const OURS = "acme-sidecar";

/**
 * The goals and what these results say about them. A result does not count if the run was smaller
 * than its goal requires.
 */
export function judge(scenarios: readonly Scenario[], plan: Plan): Goal[] {
  const large = {
    many: plan.names >= 100,
    batch: plan.certificates >= 200,
    sets: plan.sets >= 1000,
  };
  const row = (id: Scenario["id"], name: string, away?: number): Row | undefined => {
    const rows = scenarios.find((one) => one.id === id && one.away === away)?.rows;
    const found = rows?.find((one) => one.name === name);
    if (id in large && !large[id as keyof typeof large]) return undefined;
    // The goals for many certificates are about one run for all, not about a loop.
    const inOne = found?.command.words.includes("batch");
    return id === "batch" && name === OURS && !inOne ? undefined : found;
  };
  const times = (id: Scenario["id"], peer: string, least: number, away?: number) => {
    const [ours, other] = [row(id, OURS, away), row(id, peer, away)];
    return verdict(
      ours && other && other.cost.wall / ours.cost.wall,
      (ratio) => ratio >= least,
      (ratio) => `${ratio.toFixed(1)} times`,
    );
  };
  const within = (id: Scenario["id"], seconds: number, away: number) =>
    verdict(
      row(id, OURS, away)?.cost.wall,
      (wall) => wall <= seconds,
      (wall) => `${wall.toFixed(1)} s`,
    );
  const batch = row("batch", OURS);
  const most = row("growth", "5000 certificates");
  const few = row("growth", "200 certificates");
  const idle = row("sets", OURS);
  const [due, node] = [row("start", "nothing due"), row("start", "node -e 0")];
  return [
    {
      aim: "one name, 100 ms away: 1.25 times faster than lego",
      ...times("one", "lego", 1.25, 100),
    },
    {
      aim: "100 names, 100 ms away: 8 times faster than certbot",
      ...times("many", "certbot", 8, 100),
    },
    { aim: "100 names, 100 ms away: 3 s at most", ...within("many", 3, 100) },
    { aim: "200 certificates, 100 ms away: 10 s at most", ...within("batch", 10, 100) },
    { aim: "one name: 15 times faster than lego", ...times("one", "lego", 15) },
    {
      aim: "one name: 8 times faster than certbot",
      ...times("one", "certbot", 8),
    },
    {
      aim: "100 names: a quarter of certbot's time",
      ...times("many", "certbot", 4),
    },
    {
      aim: "100 names: 1/400 of lego's time",
      ...times("many", "lego", 400),
    },
    {
      aim: "200 certificates: 1/50 of the time of a loop of lego",
      ...times("batch", "lego", 50),
    },
    {
      aim: "200 certificates: less than 200 MB of memory",
      ...verdict(
        batch && batch.cost.memory / 1e6,
        (megabytes) => megabytes < 200,
        (megabytes) => `${megabytes.toFixed(0)} MB`,
      ),
    },
    {
      aim: "5,000 certificates: at most 1.2 times the time of 200 for each",
      ...verdict(
        few && most && most.cost.wall / 5000 / (few.cost.wall / 200),
        (ratio) => ratio <= 1.2,
        (ratio) => `${ratio.toFixed(2)} times`,
      ),
    },
    {
      aim: "5,000 certificates: less than 250 MB of memory",
      ...verdict(
        most && most.cost.memory / 1e6,
        (megabytes) => megabytes < 250,
        (megabytes) => `${megabytes.toFixed(0)} MB`,
      ),
    },
    {
      aim: "1,000 certificates, nothing due: less than a second, and no request",
      ...verdict(
        idle?.cost,
        ({ wall, requests }) => wall < 1 && requests === 0,
        ({ wall, requests }) => `${wall.toFixed(2)} s, ${requests} requests`,
      ),
    },
    {
      aim: "nothing due for one certificate: 2.5 times of `node -e 0` at most",
      ...verdict(
        due && node && due.cost.wall / node.cost.wall,
        (ratio) => ratio <= 2.5,
        (ratio) => `${ratio.toFixed(2)} times`,
      ),
    },
  ];
}

function verdict<T>(
  value: T | undefined,
  suffices: (value: T) => boolean,
  say: (value: T) => string,
): Omit<Goal, "aim"> {
  if (value === undefined) return { found: undefined, reached: false };
  return { found: say(value), reached: suffices(value) };
}
