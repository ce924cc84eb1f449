import { globSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Ca } from "./ca.ts";
import type { certbot } from "./certbot.ts";
import { compare, loop, type Row, type Trial } from "./compare.ts";
import { type Command, measure } from "./measure.ts";
import { idsOf, nameOf } from "./names.ts";
import { copyLineage, copySets } from "./sets.ts";
import type { Sidecar } from "./sidecar.ts";
import type { Tool } from "./tool.ts";

export interface Plan {
  /** Runs for one name. For many names it is half of this, and lego has one run. */
  runs: number;
  /** Names in the certificate with many names. */
  names: number;
  /** Whether lego also gets that certificate. */
  patient: boolean;
  /** The number of certificates in the scenarios with many. */
  certificates: number;
  /** How many of them are really measured in a loop. */
  sample: number;
  /** Sets in the last scenario, in which nothing is due. */
  sets: number;
  /** Numbers of certificates that one process gets, to see how the cost grows. */
  growth: readonly number[];
  /** Runs of commands that take only a moment. */
  starts: number;
  /** Distances of CAs: round trips in milliseconds. */
  distances: readonly number[];
}

/** What is compared, and where. `dir` is for temporary files. */
export interface Setting {
  ca: Ca;
  dir: string;
  ours: Sidecar;
  certbot?: ReturnType<typeof certbot> | undefined;
  lego?: Tool | undefined;
  simpLe?: Tool | undefined;
}

export interface Scenario {
  id: "one" | "many" | "batch" | "growth" | "idle" | "sets" | "start";
  /** The round trip in milliseconds; undefined if the CA is on this machine. */
  away?: number;
  title: string;
  notes: readonly string[];
  rows: readonly Row[];
}

type Measured = (setting: Setting, plan: Plan) => Promise<Scenario>;

const peersOf = ({ lego, certbot, simpLe }: Setting): Tool[] =>
  [lego, certbot, simpLe].filter((tool) => tool !== undefined);

/** Known account, one name. */
export const oneName: Measured = async (setting, { runs }) => {
  const names = [nameOf("one")];
  const { ca, ours } = setting;
  const trials = [ours, ...peersOf(setting)].map((tool) => ({
    ...triedBy(tool, names),
    runs,
  }));
  const asking = { ...askingTrial(ours, names), runs };
  return {
    id: "one",
    title: "One name",
    notes: [
      "A new certificate for one name. The account exists.",
      "The commands have `--valid_min`, like scripts for simp_le; without it, the program asks the CA when to renew.",
    ],
    rows: await compare(ca, [...trials, asking]),
  };
};

/** Known account, many names in one certificate. */
export const manyNames: Measured = async (setting, plan) => {
  const { ca, ours } = setting;
  const names = idsOf(plan.names).map(nameOf);
  const runs = Math.ceil(plan.runs / 2);
  const patience = plan.patient ? 1 : 0;
  const trials = [ours, ...peersOf(setting)].map((tool) => ({
    ...triedBy(tool, names),
    runs: tool === setting.lego ? patience : runs,
  }));
  const asking = { ...askingTrial(ours, names), runs };
  return {
    id: "many",
    title: `${plan.names} names in one certificate`,
    notes: ["A new certificate. The account exists."],
    rows: await compare(ca, [...trials, asking]),
  };
};

/** Many certificates of one name each. */
export const manyCertificates: Measured = async (setting, plan) => {
  const { ca, ours } = setting;
  const ids = idsOf(plan.certificates);
  const command = () => ours.batch(ids, fleetOf(setting), 0);
  const rows = await compare(ca, [{ name: ours.name, command, runs: 1 }]);
  for (const tool of peersOf(setting)) {
    rows.push(...(await loopOf(setting, tool, plan)));
  }
  return {
    id: "batch",
    title: `${plan.certificates} certificates of one name each`,
    notes: [
      "One acme-sidecar process starts with an empty folder, makes its account, and gets all certificates.",
      `The others need one process per certificate, one after another. ${sampled(plan)}`,
    ],
    rows,
  };
};

/** More and more certificates of one name each, for this program only. */
export const growth: Measured = async ({ ca, dir, ours }, plan) => {
  const rows: Row[] = [];
  for (const count of plan.growth) {
    const command = () => ours.batch(idsOf(count), join(dir, `fleet-of-${count}`), 0);
    const name = `${count} certificates`;
    rows.push(...(await compare(ca, [{ name, tool: ours.name, command, runs: 1 }])));
  }
  return {
    id: "growth",
    title: "More and more certificates",
    notes: [
      "One acme-sidecar process starts with an empty folder, makes its account, and gets all certificates.",
    ],
    rows,
  };
};

/**
 * The same number, with nothing due. Run it after `manyCertificates`, as it uses those
 * certificates.
 */
export const nothingDue: Measured = async (setting, plan) => {
  const { ca, ours, certbot } = setting;
  const ids = idsOf(plan.certificates);
  const count = ids.length;
  const sample = ids.slice(0, plan.sample).map(nameOf);
  const rows = await compare(ca, idleTrials(ours, fleetOf(setting), ids));
  if (certbot !== undefined) {
    const others = ids.slice(plan.sample).map(nameOf);
    copyLineage(join(setting.dir, "certbot"), sample[0] ?? "", others);
    const command = () => certbot.renewAll;
    rows.push(...(await compare(ca, [{ name: "certbot", command, runs: 3 }])));
  }
  for (const tool of peersOf(setting)) {
    if (tool === certbot) continue;
    const commands = sample.map((name) => tool.idle(name));
    rows.push(...(await loop(ca, tool, { commands, count })));
  }
  return {
    id: "idle",
    title: `${count} certificates, nothing due`,
    notes: [
      "acme-sidecar does the same run again.",
      `\`certbot renew\` checks all in one process; lego and simp_le need one per certificate. ${sampled(plan)}`,
    ],
    rows,
  };
};

/** Many sets, for this program only. */
export const manySets: Measured = async (setting, plan) => {
  const { ca, ours, dir } = setting;
  const ids = idsOf(plan.sets);
  const base = {
    id: "sets" as const,
    title: `${plan.sets} certificates, nothing due`,
  };
  const fleet = fleetOf(setting);
  const [id = ""] = ids;
  const [cert] = globSync(join(fleet, "**", id, "**", "cert.pem"));
  if (cert === undefined) throw new Error(`batch left nothing for ${id}`);
  const into = join(dir, "sets");
  const folderOf = (other: string) => dirname(cert).replace(fleet, into).replaceAll(id, other);
  await copySets({ dir: dirname(cert), id }, ids, folderOf);
  return {
    ...base,
    notes: ["acme-sidecar only. The certificates are copies of one, with another name in each."],
    rows: await compare(ca, idleTrials(ours, into, ids)),
  };
};

/** Start-up, and a run for one certificate that is not due. */
export const startUp: Measured = async (setting, { starts: runs }) => {
  const { ca, ours } = setting;
  const name = nameOf("start");
  await measure(await ours.issue([name]));
  const { name: tool } = ours;
  const more = peersOf(setting).map((peer) => ({
    name: `${peer.name} --version`,
    command: () => peer.version,
    runs,
  }));
  const trials: Trial[] = [
    { name: "node -e 0", command: () => ours.node, runs },
    { name: `${tool} --version`, command: () => ours.version, runs },
    { name: "nothing due", tool, command: () => ours.idle(name), runs },
    ...more,
  ];
  for (const { command } of trials) await measure(await command());
  return {
    id: "start",
    title: "Start-up",
    notes: [
      "Nothing due: acme-sidecar in the folder of one certificate. Every command ran before, so Node.js has its compile cache.",
    ],
    rows: await compare(ca, trials),
  };
};

/**
 * Scenarios with requests, at a CA at this distance. There is no loop of 200, which would take an
 * hour.
 */
export async function farAway(
  setting: Setting,
  { roundTrip, plan }: { roundTrip: number; plan: Plan },
): Promise<Scenario[]> {
  const alone = { ca: setting.ca, dir: setting.dir, ours: setting.ours };
  const short = { ...plan, runs: Math.min(plan.runs, 3), patient: false };
  const found = [
    await oneName(setting, short),
    await manyNames({ ...setting, simpLe: undefined }, { ...short, runs: 1 }),
    await manyCertificates(alone, short),
  ];
  return found.map((scenario) => ({
    ...scenario,
    title: `${scenario.title}, ${roundTrip} ms away`,
    notes: [`A relay in front of the CA adds a round trip of ${roundTrip} ms.`],
    away: roundTrip,
  }));
}

function triedBy(tool: Tool, names: readonly string[]): Omit<Trial, "runs"> {
  const { name, answer } = tool;
  return {
    name,
    command: () => tool.issue(names),
    leastRequests: 2 * names.length,
    ...(answer && { answer }),
  };
}

function askingTrial(ours: Sidecar, names: readonly string[]) {
  const name = `${ours.name} without --valid_min`;
  return { name, command: () => ours.issueAsking(names) };
}

async function loopOf(
  { ca }: Setting,
  tool: Tool,
  { certificates: count, sample }: Plan,
): Promise<Row[]> {
  const commands: Command[] = [];
  for (const id of idsOf(count).slice(0, sample)) {
    commands.push(await tool.issue([nameOf(id)]));
  }
  const { name, answer } = tool;
  const trial = { name, leastRequests: 2, ...(answer && { answer }) };
  return loop(ca, trial, { commands, count });
}

function idleTrials(ours: Sidecar, certsDir: string, ids: readonly string[]): Trial[] {
  const { name: tool } = ours;
  const ways = {
    batch: () => ours.batch(ids, certsDir, 1),
    renew: () => ours.renew(certsDir),
    status: () => ours.status(certsDir),
  };
  return Object.entries(ways).map(([verb, command]) => ({
    ...(verb === "batch" ? { name: tool } : { name: `${tool} ${verb}` }),
    command,
    runs: 5,
  }));
}

const fleetOf = ({ dir }: Setting) => join(dir, "fleet");

const sampled = ({ sample, certificates }: Plan) =>
  sample < certificates
    ? `We ran only ${sample} of these and scaled the figures to ${certificates}, except memory.`
    : "";
