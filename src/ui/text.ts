import type { Lack } from "../challenge/responder.ts";
import type { Event } from "../core/outcome.ts";
import type { Why } from "../core/decide.ts";
import { listed } from "../causes.ts";
import { type AppError, brief } from "../errors.ts";
import { showName } from "../name.ts";

export type Level = "error" | "warn" | "info" | "debug";

/** A message for people. */
export interface Line {
  level: Level;
  text: string;
  /** What to do, or what follows from it. It stays whole if the text must be cut. */
  hint?: string | undefined;
  /** When people see it only with -v: always, or at a terminal. Programs always get it. */
  quiet?: "always" | "at-terminal";
}

/** Writes a message. `fields` has the data for programs. */
export type Write = (line: Line, fields: Record<string, unknown>) => void;

/** The text and the hint. */
export function wholeOf({ text, hint }: Line): string {
  return hint === undefined ? text : `${text} ${hint}`;
}

const WHY: Record<Why, string> = {
  missing: "there is none yet",
  incomplete: "the key or chain of the current one is missing or wrong",
  names: "the current one is for other names",
  key: "the current one has another kind of key",
  profile: "the current one has another profile",
  expiring: "the current one ends soon",
  "renewal-info": "the CA wants the current one renewed",
  forced: "--force asks for it",
};

/** With more names than this, steps of single names are shown only with -v. */
const MOST_TOLD = 5;

export const names = (list: readonly string[]) => listed(list.map(showName));
const seconds = (ms: number) => `${ms / 1000} s`;

function sayLack({ server, fqdn, silent }: Lack): string {
  return `${server} ${silent ? "did not answer for" : "lacks"} ${fqdn}`;
}

/** A fact about the first of these names, which concerns all of them. */
export function sayFact(fact: string, all: readonly string[]): string {
  return all.length < 2 ? fact : `${fact} The same goes for ${names(all.slice(1))}.`;
}

/** A file of targets as part of a sentence. */
export const fileOf = (file: string) => (file === "-" ? "the standard input" : file);

function sayUnlisted({ file, dir, ids, forgotten }: Extract<Event, { type: "unlisted" }>): Line {
  const away = `not in ${fileOf(file)} any more`;
  return forgotten
    ? line(
        "info",
        `Forgot what is ${away} (${ids.length}): ${listed(ids)}. renew no longer renews them; their keys and certificates stay in ${dir}, in folders of these names.`,
      )
    : line(
        "warn",
        `In ${dir}, renew still renews what is ${away} (${ids.length}): ${listed(ids)}. To end that, run batch with --prune; their keys and certificates stay.`,
      );
}

export const minute = (date: Date) => `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
const octal = (mode: number) => `0${mode.toString(8)}`;
export const line = (level: Level, text: string, hint?: string): Line => ({
  level,
  text: brief(text),
  ...(hint === undefined ? {} : { hint: brief(hint) }),
});
/** A message that scripts look for. A person at a terminal does not need it. */
const routine = (text: string): Line => ({
  ...line("info", text),
  quiet: "at-terminal",
});

/** Reported elsewhere: how a target ended. */
type Step = Exclude<Event, { type: "ended" }>;

type Say = {
  [Type in Step["type"]]: (event: Extract<Step, { type: Type }>) => Line;
};

const SAY: Say = {
  warning: (event) => line("warn", event.text),
  foreseen: ({ level, fact, names: all, remedy, again }) => ({
    ...line(level === "fails" ? "warn" : "info", sayFact(fact, all), remedy),
    ...(again ? { quiet: "always" as const } : {}),
  }),
  unlisted: (event) => sayUnlisted(event),
  triaged: (event) =>
    line("debug", `Of ${event.targets} targets ${event.due} need work, for ${event.names} names.`),
  decided: (event) =>
    line("info", `A certificate for ${names(event.names)} is needed: ${WHY[event.why]}.`),
  waiting: (event) => line("info", `Another run is using ${event.dir}; waiting for it to end.`),
  completed: (event) =>
    line(
      "warn",
      `An earlier run was interrupted while saving. Finished it: ${listed(event.files)}.`,
    ),
  "owner-lost": (event) =>
    line(
      "warn",
      `This user cannot keep the owner or group of ${event.file} when replacing it. Run as its owner or as root, or give it to this user with chown.`,
    ),
  "mode-stays": (event) =>
    line(
      "warn",
      `${event.file} should have mode ${octal(event.mode)}, but another user owns it. Run chmod ${octal(event.mode)} as that user.`,
    ),
  mode: (event) =>
    line(
      "warn",
      `${event.file} now has mode ${octal(event.mode)}. To set another mode, use --key_mode.`,
    ),
  "no-such-chain": (event) =>
    line(
      "warn",
      "alternate" in event.wanted
        ? `There is no chain ${event.wanted.alternate} (the CA offers ${event.offered - 1} beside the usual one); taking the usual one. Change --use_alt_chain.`
        : `None of the ${event.offered} chains that the CA offers has the issuer "${event.wanted.issuer}"; taking the usual one. Change --preferred_chain.`,
    ),
  "no-such-profile": (event) =>
    line(
      "warn",
      `The CA has no profile "${event.profile}"${event.offered.length > 0 ? ` (it has ${listed(event.offered)})` : ""}; asking for none.`,
    ),
  "not-replaced": (event) =>
    line("debug", event.error.message, "Ordering again without naming the old certificate."),
  "revoking-by-key": (event) =>
    line("info", event.error.message, "Trying with the certificate's own key."),
  "renewal-explained": (event) =>
    line("warn", `The CA explains why this must be renewed: ${event.url}`),
  "next-authority": (event) => line("warn", event.error.message, `Going on with ${event.to}.`),
  "account-key-made": () => routine("Generating new account key."),
  "rollover-settled": (event) =>
    line(
      "warn",
      event.completed
        ? "A change of the account's key was interrupted. It is complete now."
        : "A change of the account's key was interrupted. The CA did not accept the new key, so the old one stays.",
    ),
  "terms-agreed": (event) =>
    line("info", `By using this CA you agree to its terms of service: ${event.url}`),
  "contact-changed": (event) =>
    line("info", `The account's contact is now ${listed(event.contact)}.`),
  account: (event) =>
    line("info", `${event.created ? "Created" : "Found"} the account ${event.uri}.`),
  key: (event) =>
    routine(
      event.reused
        ? "Reusing existing certificate private key."
        : "Generating new certificate private key.",
    ),
  ordered: (event) => line("debug", `Placed the order ${event.url}.`),
  validating: (event) => line("info", `The CA is validating ${names(event.names)}.`),
  answered: (event) =>
    line(event.of > MOST_TOLD ? "debug" : "info", `The CA has asked for ${showName(event.name)}.`),
  "record-delegated": (event) =>
    line("info", `${event.from} is an alias (CNAME) of ${event.to}: its TXT record belongs there.`),
  "alias-unknown": (event) =>
    line(
      "warn",
      `Cannot find out whether ${event.fqdn} is an alias (CNAME) of another name (${event.reason}); setting its TXT record at this name.`,
    ),
  "program-called": (event) =>
    line(
      "debug",
      `The program's ${event.action} for ${event.fqdn} took ${event.took.toFixed(0)} ms. ${event.output}`.trim(),
    ),
  "records-set": (event) => line("info", `The TXT records for ${names(event.names)} are set.`),
  "records-waiting": (event) =>
    line(
      "info",
      event.servers.length === 0
        ? `Waiting ${seconds(event.time)} for the TXT records to spread.`
        : `Waiting up to ${seconds(event.time)} for these servers to have the TXT records: ${listed(event.servers)}.`,
    ),
  "records-late": (event) =>
    line(
      "warn",
      `After ${seconds(event.time)} some DNS servers still lack a TXT record: ${listed(event.lacks.map(sayLack))}. Asking the CA anyway. To wait longer, raise --dns_timeout or set --dns_wait.`,
    ),
  "record-left": (event) =>
    line(
      "warn",
      `The TXT record of ${event.fqdn} may still be there: ${sayError(event.error)}`,
      event.error.hint,
    ),
  validated: () => line("info", "The CA has validated every name."),
  "left-out": (event) =>
    line(
      "warn",
      [sayError(event.error), event.error.hint ?? []].flat().join("\n"),
      `Going on without ${names(event.names)} (--allow_partial); the next renewal tries again.`,
    ),
  saved: (event) => routine(`Saving ${event.file}.`),
  retry: (event) =>
    line("warn", event.error.message, `Trying again in ${(event.pause / 1000).toFixed(1)} s.`),
  request: (event) =>
    line("debug", `${event.method} ${event.url} ${event.status} in ${event.took.toFixed(0)} ms`),
};

/** The sentence for an event. */
export function sayEvent(event: Step): Line {
  const say = SAY[event.type] as (event: Step) => Line;
  return say(event);
}

/** What went wrong, and when to try again. The error's hint says what to do. */
export function sayError({ message, retryAfter }: AppError): string {
  const stop = /[.!?]\)?$/.test(message) ? "" : ".";
  const again = retryAfter ? ` Not before ${minute(retryAfter)}.` : "";
  return `${message}${stop}${again}`;
}
