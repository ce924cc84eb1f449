import type { Event, Outcome } from "../core/outcome.ts";
import type { Why } from "../core/decide.ts";
import type { AppError } from "../errors.ts";
import { parseName, showName } from "../name.ts";

export type Level = "error" | "warn" | "info" | "debug";

/** One message to people. */
export interface Line {
  level: Level;
  text: string;
}

const WHY: Record<Why, string> = {
  missing: "there is none yet",
  incomplete: "a part of the present one is missing",
  names: "the present one is for other names",
  expiring: "the present one ends soon",
  forced: "--force asks for it",
};

/** So many names are listed; of more, the first stand for all. */
const MOST_NAMES = 5;

function names(list: readonly string[]): string {
  if (list.length <= MOST_NAMES) return list.map(showName).join(", ");
  const first = list.slice(0, MOST_NAMES - 1).map(showName);
  return `${first.join(", ")} and ${list.length - first.length} more`;
}

const minute = (date: Date) =>
  `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
const line = (level: Level, text: string): Line => ({ level, text });

type Say = {
  [Type in Event["type"]]: (event: Extract<Event, { type: Type }>) => Line;
};

const SAY: Say = {
  decided: (event) =>
    line(
      "info",
      `A certificate for ${names(event.names)} is needed: ${WHY[event.why]}.`,
    ),
  waiting: (event) =>
    line(
      "info",
      `Another run is at work in ${event.dir}; waiting for it to end.`,
    ),
  completed: (event) =>
    line(
      "warn",
      `Completed what an interrupted run had begun to save: ${event.files.join(", ")}.`,
    ),
  "owner-lost": (event) =>
    line(
      "warn",
      `${event.file} had another owner, which this user may not give it again.`,
    ),
  mode: (event) =>
    line(
      "warn",
      `${event.file} now has mode 0${event.mode.toString(8)}; --key_mode chooses another.`,
    ),
  "no-such-chain": (event) =>
    line(
      "warn",
      `There is no chain ${event.alternate} (the CA offers ${event.offered} beside the usual one); taking the usual one. Change --use_alt_chain.`,
    ),
  "account-key-made": () => line("info", "Generating new account key."),
  "terms-agreed": (event) =>
    line(
      "info",
      `By using this CA you agree to its terms of service: ${event.url}`,
    ),
  account: (event) =>
    line(
      "info",
      `${event.created ? "Created" : "Found"} the account ${event.uri}.`,
    ),
  key: (event) =>
    line(
      "info",
      event.reused
        ? "Reusing existing certificate private key."
        : "Generating new certificate private key.",
    ),
  ordered: (event) => line("debug", `Placed the order ${event.url}.`),
  validating: (event) =>
    line("info", `The CA is validating ${names(event.names)}.`),
  answered: (event) =>
    line("info", `The CA has asked for ${showName(event.name)}.`),
  validated: () => line("info", "The CA has validated every name."),
  saved: (event) => line("info", `Saving ${event.file}.`),
  retry: (event) =>
    line(
      "warn",
      `${event.error.message} Trying again in ${(event.pause / 1000).toFixed(1)} s.`,
    ),
  request: (event) =>
    line(
      "debug",
      `${event.method} ${event.url} ${event.status} in ${event.took.toFixed(0)} ms`,
    ),
};

/** The sentence for something that happened. */
export function sayEvent(event: Event): Line {
  const say = SAY[event.type] as (event: Event) => Line;
  return say(event);
}

/** The sentence for how a target ended. */
export function sayOutcome(
  outcome: Exclude<Outcome, { kind: "failed" }>,
): Line {
  const { dir } = outcome.subject;
  const about = names(outcome.subject.names);
  switch (outcome.kind) {
    case "issued":
      return line(
        "info",
        `The certificate for ${about} is in ${dir}. It is good until ${minute(outcome.bundle.leaf.validToDate)}; renew it from ${minute(outcome.next)}.`,
      );
    case "kept":
      return line(
        "info",
        `The certificate for ${about} is good until ${minute(outcome.bundle.leaf.validToDate)}; renewal is not necessary before ${minute(outcome.next)}.`,
      );
    case "revoked":
      return line(
        "info",
        outcome.before
          ? `The certificate for ${about} had been revoked before.`
          : `The certificate for ${about} is revoked. Its files in ${dir} are as they were; --force gets a new one.`,
      );
    case "imported":
      return sayImported(outcome);
  }
}

type Imported = Extract<Outcome, { kind: "imported" }>;

function sayImported(outcome: Imported): Line {
  const { account, bundle, changed, subject } = outcome;
  const what = [
    account && `the account ${account}`,
    bundle &&
      `the certificate for ${names(subject.names)}, good until ${minute(bundle.leaf.validToDate)}`,
  ].filter((part) => part !== undefined);
  const done = changed
    ? `Imported into ${subject.dir}: ${what.join(" and ")}.`
    : `Nothing to do: ${subject.dir} has ${what.join(" and ")} already.`;
  const unfit = subject.names.map(whyUnfit).find((why) => why !== undefined);
  if (unfit !== undefined)
    return line("warn", `${done} It cannot be renewed here: ${unfit}.`);
  const purpose = bundle ? "Renew it" : "Get a certificate";
  const url =
    outcome.server === undefined
      ? " (URL being that of the CA's directory)"
      : "";
  return line("info", `${done} ${purpose} with${url}: ${renewalOf(outcome)}`);
}

function whyUnfit(name: string): string | undefined {
  const parsed = parseName(name);
  return "problem" in parsed ? `${name}: ${parsed.problem}` : undefined;
}

/** The command that goes on with what was imported. */
export function renewalOf({ server, words, subject }: Imported): string {
  const wanted = subject.names.length > 0 ? subject.names : ["NAME"];
  const command = ["acme-sidecar", "--server", server ?? "URL", ...words];
  return [...command, ...wanted.flatMap((name) => ["-d", name])]
    .map(quote)
    .join(" ");
}

/** A word as a shell takes it. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word)
    ? word
    : `'${word.replaceAll("'", "'\\''")}'`;
}

/** What went wrong, when to come back, and what to do. */
export function sayError({ message, hint, retryAfter }: AppError): string {
  const stop = /[.!?)]$/.test(message) ? "" : ".";
  const again = retryAfter && `Not before ${minute(retryAfter)}.`;
  return [message + stop, again, hint]
    .filter((part) => part !== undefined)
    .join(" ");
}
