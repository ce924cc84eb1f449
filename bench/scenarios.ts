import { globSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Ca } from "./ca.ts";
import { compare, loop, type Measured, type Row, scaled, type Trial } from "./compare.ts";
import { type Command, measure } from "./measure.ts";
import { idsOf, nameOf } from "./names.ts";
import { copyLineage, copySets } from "./sets.ts";
import { NODE, type Sidecar } from "./sidecar.ts";
import type { Tool } from "./tool.ts";

export interface Plan {
  /** Runs of this program. */
  runs: number;
  /** Runs of each other program; a slow one has a single run far away. */
  peerRuns: number;
  /** Names in the certificate with many names. */
  names: number;
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
  /** Distances of CAs: round trips in milliseconds; 0 is a CA on this machine. */
  distances: readonly number[];
  /** The distance at which the other programs also get many names and many certificates. */
  peersAt: number;
}

/** What is compared, and where. `dir` is for temporary files. */
export interface Setting {
  ca: Ca;
  /** The distance of the CA: a round trip in milliseconds, 0 for a CA on this machine. */
  away: number;
  dir: string;
  ours: Sidecar;
  /** The other programs with their accounts, and why one is not among them. */
  peers(): Promise<{ tools: readonly Tool[]; failures: readonly string[] }>;
}

export type Id = "one" | "fresh" | "many" | "batch" | "growth" | "idle" | "sets" | "start" | "h2";

export interface Scenario {
  id: Id;
  away: number;
  title: string;
  /** How many names or certificates it is about. */
  count: number;
  notes: readonly string[];
  rows: readonly Row[];
}

export type Measurement = (setting: Setting, plan: Plan) => Promise<Scenario>;

/** One name with an account that exists. */
export const oneName: Measurement = async (setting, plan) => {
  const names = [nameOf("one")];
  const { ca, ours, away } = setting;
  const { tools, failures } = await setting.peers();
  const asking = askingTrial(ours, () => ours.issueAsking(names), plan.runs);
  const trials = [ours, ...tools].map((tool) => triedBy(tool, names, runsOf(tool, setting, plan)));
  const { rows, failures: more } = await compare(ca, [...trials, asking]);
  return {
    ...{ id: "one", away, count: 1, rows },
    title: "One name, the account exists",
    notes: [
      "The commands have `--valid_min`, like scripts for simp_le; without it, the program asks the CA when to renew.",
      ...[...failures, ...more],
    ],
  };
};

/** One name with a new account. */
export const newAccount: Measurement = async (setting, plan) => {
  const names = [nameOf("new")];
  const { ca, ours, away } = setting;
  const { tools, failures } = await setting.peers();
  const asking = askingTrial(ours, () => ours.issueFreshAsking(names), plan.runs);
  const trials = [ours, ...tools].map((tool) => ({
    ...triedBy(tool, names, runsOf(tool, setting, plan)),
    command: () => tool.issueFresh(names),
  }));
  const { rows, failures: more } = await compare(ca, [...trials, asking]);
  return {
    ...{ id: "fresh", away, count: 1, rows },
    title: "One name, a new account",
    notes: ["The folder is empty, so the program makes an account first.", ...failures, ...more],
  };
};

/** Many names in one certificate, with an account that exists. */
export const manyNames: Measurement = async (setting, plan) => {
  const { ca, ours, away } = setting;
  const all = idsOf(plan.names).map(nameOf);
  const runs = Math.ceil(plan.runs / 2);
  const { tools, failures } = await peersWithMany(setting, plan);
  // Others than these have to wait; on loopback only, since there they look too early.
  const waiting = tools.filter((tool) => tool.waits && away === 0);
  const trials = [
    triedBy(ours, all, runs),
    ...tools
      .filter((tool) => tool.each === undefined && !waiting.includes(tool))
      .map((tool) => triedBy(tool, all, 1)),
    askingTrial(ours, () => ours.issueAsking(all), runs),
  ];
  const found = [await compare(ca, trials)];
  for (const tool of waiting) {
    const commandFor = (names: number) => tool.issue(all.slice(0, names));
    found.push(await scaled(ca, seriesOf(tool), { commandFor, count: plan.names }));
  }
  const notes = ["The account exists."];
  if (tools.some((tool) => tool.each)) {
    notes.push("Caddy gets a certificate for each name instead.");
  }
  if (waiting.length > 0) {
    notes.push("lego waits after each name, so only ten names were measured and scaled.");
  }
  return {
    ...{ id: "many", away, count: plan.names, rows: found.flatMap(({ rows }) => rows) },
    title: `${plan.names} names in one certificate`,
    notes: [...notes, ...failures, ...found.flatMap((one) => one.failures)],
  };
};

/** Many certificates of one name each. */
export const manyCertificates: Measurement = async (setting, plan) => {
  const { ca, ours, away } = setting;
  const ids = idsOf(plan.certificates);
  const { tools, failures } = await peersWithMany(setting, plan);
  let fleets = 0;
  const command = () => ours.batch(ids, fleetOf(setting, (fleets += 1)), 0);
  const runs = Math.ceil(plan.runs / 2);
  const found = [await compare(ca, [{ name: ours.name, command, runs }])];
  for (const tool of tools) found.push(await allBy(tool, setting, plan));
  const notes = [
    "One acme-sidecar process starts with an empty folder, makes its account, and gets all certificates.",
  ];
  if (tools.length > 0) {
    notes.push(`lego, certbot and simp_le need one process for each certificate. ${sampled(plan)}`);
    notes.push(
      away === 0
        ? "Caddy gets all in one process, and asks for at most ten in ten seconds."
        : "Caddy is measured on loopback only: it asks for at most ten in ten seconds, so the distance hardly matters.",
    );
  }
  return {
    ...{ id: "batch", away, count: ids.length, rows: found.flatMap(({ rows }) => rows) },
    title: `${plan.certificates} certificates of one name each`,
    notes: [...notes, ...failures, ...found.flatMap((one) => one.failures)],
  };
};

/** More and more certificates of one name each, for this program only. */
export const growth: Measurement = async ({ ca, away, dir, ours }, plan) => {
  const rows: Row[] = [];
  for (const count of plan.growth) {
    let made = 0;
    const command = () => {
      made += 1;
      return ours.batch(idsOf(count), join(dir, `fleet-of-${count}-${made}`), 0);
    };
    const trial = { name: `${count} certificates`, tool: ours.name, command };
    const found = await compare(ca, [{ ...trial, runs: count < 1000 ? plan.peerRuns : 1 }]);
    rows.push(...found.rows.map((row) => ({ ...row, certificates: count })));
  }
  return {
    ...{ id: "growth", away, count: Math.max(...plan.growth), rows },
    title: "More and more certificates",
    notes: [
      "One acme-sidecar process starts with an empty folder, makes its account, and gets all certificates.",
    ],
  };
};

/**
 * The same number, with nothing due. Run it after `manyCertificates`, as it uses those
 * certificates.
 */
export const nothingDue: Measurement = async (setting, plan) => {
  const { ca, ours, away, dir } = setting;
  const ids = idsOf(plan.certificates);
  const count = ids.length;
  const sample = ids.slice(0, plan.sample).map(nameOf);
  const { tools, failures } = await peersWithMany(setting, plan);
  const found = [await compare(ca, idleTrials(ours, { certsDir: fleetOf(setting), ids, plan }))];
  for (const tool of tools) {
    const { idle, idleAll } = tool;
    if (idleAll !== undefined) {
      copyLineage(join(dir, tool.name), sample[0] ?? "", ids.slice(plan.sample).map(nameOf));
      const trial = { ...seriesOf(tool), leastRequests: 0, command: () => idleAll };
      found.push(await compare(ca, [{ ...trial, runs: plan.peerRuns }]));
    } else if (idle !== undefined) {
      const commands = sample.map((name) => idle(name));
      found.push(await loop(ca, { ...seriesOf(tool), leastRequests: 0 }, { commands, count }));
    }
  }
  return {
    ...{ id: "idle", away, count, rows: found.flatMap(({ rows }) => rows) },
    title: `${count} certificates, nothing due`,
    notes: [
      "acme-sidecar does the same run again.",
      `\`certbot renew\` checks all in one process; lego and simp_le need one for each certificate. ${sampled(plan)}`,
      ...[...failures, ...found.flatMap((one) => one.failures)],
    ],
  };
};

/** Many sets, for this program only. Run it after `manyCertificates`. */
export const manySets: Measurement = async (setting, plan) => {
  const { ca, ours, away, dir } = setting;
  const ids = idsOf(plan.sets);
  const fleet = fleetOf(setting);
  const [id = ""] = ids;
  const [cert] = globSync(join(fleet, "**", id, "**", "cert.pem"));
  if (cert === undefined) throw new Error(`batch left nothing for ${id}`);
  const into = join(dir, "sets");
  const folderOf = (other: string) => dirname(cert).replace(fleet, into).replaceAll(id, other);
  await copySets({ dir: dirname(cert), id }, ids, folderOf);
  const { rows } = await compare(ca, idleTrials(ours, { certsDir: into, ids, plan }));
  return {
    ...{ id: "sets", away, count: plan.sets, rows },
    title: `${plan.sets} certificates, nothing due`,
    notes: ["acme-sidecar only. The certificates are copies of one, with another name in each."],
  };
};

/** Start-up, and a run for one certificate that is not due. */
export const startUp: Measurement = async (setting, { starts: runs }) => {
  const { ca, ours, away } = setting;
  const name = nameOf("start");
  await measure(ours.issue([name]), ca.silent);
  const { name: tool } = ours;
  const { tools, failures } = await setting.peers();
  const trials: Trial[] = [
    { name: "node -e 0", command: () => ours.node, runs },
    { name: `${tool} --version`, command: () => ours.version, runs },
    { name: "nothing due", tool, command: () => ours.idle(name), runs },
    ...tools.map(({ name: peer, version }) => ({
      ...{ name: `${peer} --version`, command: () => version, runs, dispensable: true },
    })),
  ];
  // Each has run before it is measured.
  await compare(
    ca,
    trials.map((trial) => ({ ...trial, runs: 1 })),
  );
  const { rows, failures: more } = await compare(ca, trials);
  return {
    ...{ id: "start", away, count: 1, rows },
    title: "Start-up",
    notes: [
      "Nothing due: acme-sidecar in the folder of one certificate. Every command ran before, so Node.js has its compile cache.",
      ...[...failures, ...more],
    ],
  };
};

/** What HTTP/2 would be worth. */
export const transport: Measurement = async ({ ca, away }, { names, peerRuns }) => {
  const program = resolve(import.meta.dirname, "http2.ts");
  const ways: [name: string, protocol: string, lanes: number][] = [
    ["HTTP/1.1, 16 connections", "http/1.1", 16],
    ["HTTP/2, 16 requests at once", "h2", 16],
    [`HTTP/2, ${names} requests at once`, "h2", names],
  ];
  const trials = ways.map(([name, protocol, lanes]) => {
    const words = [`${lanes}`, `${names}`, ca.directoryUrl, ca.caFile];
    const command = () => ({ words: [NODE, program, protocol, ...words] });
    return { name, command, leastRequests: names, runs: peerRuns };
  });
  const { rows } = await compare(ca, trials);
  return {
    ...{ id: "h2", away, count: names, rows },
    title: `HTTP/2, ${names} authorizations`,
    notes: [
      `A program that is not in the release (bench/http2.ts) orders a certificate for ${names} names, and fetches the authorizations.`,
      "Before these there are six rounds: two for the connection, and one each for directory, nonce, account and order.",
      "Every further request that is under way at once needs one more nonce. The relay delays, but has no narrow bandwidth and loses nothing.",
    ],
  };
};

/** The other programs, where they also get many names or many certificates. */
async function peersWithMany(setting: Setting, { peersAt }: Plan) {
  if (setting.away === 0 || setting.away === peersAt) return setting.peers();
  return { tools: [], failures: [] };
}

function runsOf(tool: Tool, { away, ours }: Setting, { runs, peerRuns }: Plan): number {
  if (tool === ours) return runs;
  return tool.slow && away > 0 ? 1 : peerRuns;
}

function seriesOf({ name, answer }: Tool) {
  return { name, dispensable: true, ...(answer && { answer }) };
}

function triedBy(tool: Tool, names: readonly string[], runs: number): Trial {
  return {
    ...seriesOf(tool),
    command: () => tool.issue(names),
    leastRequests: 2 * names.length,
    runs,
    dispensable: !("batch" in tool),
  };
}

function askingTrial(ours: Sidecar, command: () => Command, runs: number): Trial {
  return { name: `${ours.name} without --valid_min`, command, runs };
}

/** All certificates: in one process if the program can, or else in one process for each. */
async function allBy(tool: Tool, { ca, away }: Setting, plan: Plan): Promise<Measured> {
  const names = idsOf(plan.certificates).map(nameOf);
  const { each } = tool;
  if (each === undefined) {
    const commands = names.slice(0, plan.sample).map((name) => tool.issue([name]));
    const series = { ...seriesOf(tool), leastRequests: 2 };
    return loop(ca, series, { commands, count: names.length });
  }
  const command = () => each(names);
  const trial = { ...seriesOf(tool), command, leastRequests: 2 * names.length };
  return compare(ca, away === 0 ? [{ ...trial, runs: 1 }] : []);
}

function idleTrials(
  ours: Sidecar,
  { certsDir, ids, plan }: { certsDir: string; ids: readonly string[]; plan: Plan },
): Trial[] {
  const { name: tool } = ours;
  const ways = {
    batch: () => ours.batch(ids, certsDir, 1),
    renew: () => ours.renew(certsDir),
    status: () => ours.status(certsDir),
  };
  return Object.entries(ways).map(([verb, command]) => ({
    ...(verb === "batch" ? { name: tool } : { name: `${tool} ${verb}` }),
    command,
    runs: plan.runs,
  }));
}

/** A folder for all certificates, for each run that gets them. */
const fleetOf = ({ dir }: Setting, run = 1) => join(dir, `fleet${run}`);

const sampled = ({ sample, certificates }: Plan) =>
  sample < certificates
    ? `We ran only ${sample} of these and scaled the figures to ${certificates}, except memory.`
    : "";
