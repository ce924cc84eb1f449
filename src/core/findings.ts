import { consequenceOf } from "../acme/consequences.ts";
import type { Problem } from "../acme/problem.ts";
import type { Authorization } from "../acme/resources.ts";
import { redirectOf, type Visit, visitOf } from "../acme/visit.ts";
import { cut, listed } from "../causes.ts";
import type { Asked, Evidence } from "../challenge/evidence.ts";
import type { ChallengeType } from "../challenge/responder.ts";
import { type Name, showName } from "../name.ts";

/** All that is known about the failed validation of a name, and words for it. */
export interface Findings {
  name: Name;
  type: ChallengeType;
  /** What the CA says; undefined if it gave no reason. */
  problem: Problem | undefined;
  /** What the CA says that it found. */
  visit: Visit;
  /** Where the web server sent the CA instead. */
  redirect: string | undefined;
  /** What we saw; empty if nothing was published. */
  seen: Evidence;
}

/**
 * A row of the table of causes: how a cause shows itself, what the user should know, and what to
 * do.
 */
export interface Reason {
  /** For scripts; docs/validation-failures.md lists them. */
  cause: string;
  when: (findings: Findings) => boolean;
  says: (findings: Findings) => string;
  remedy: string | ((findings: Findings) => string);
}

export function findingsOf(
  { name, authorization }: { name: Name; authorization: Authorization },
  type: ChallengeType,
  seen: Evidence = {},
): Findings {
  const visit = visitOf(authorization);
  const redirect = type === "http-01" ? redirectOf(name, visit) : undefined;
  return { name, type, problem: authorization.error, visit, redirect, seen };
}

/** Problem types that say: the CA got a wrong answer. */
const WRONG_ANSWER = ["unauthorized", "incorrectResponse"];
/** Problem types about the way to the answer. All others refuse the name for another reason. */
const NO_WAY = ["connection", "dns", "tls", "caa"];

/** The limits for what is quoted. The names of DNS may be much longer. */
const LONGEST_NAME = 80;
const LONGEST_PATH = 120;
const LONGEST_VALUE = 50;
const MOST_ADDRESSES = 3;
const SEARCHED = 2_000;

export const isHttp = ({ type }: Findings) => type === "http-01";

export const isOf =
  (type: string) =>
  ({ problem }: Findings) =>
    problem?.type === type;

export const isWrong = ({ problem }: Findings) => WRONG_ANSWER.includes(problem?.type ?? "");

export const onTheWay = (findings: Findings) =>
  isWrong(findings) || NO_WAY.includes(findings.problem?.type ?? "");

/** Whether the CA's words have this pattern. */
export const tells = ({ problem }: Findings, pattern: RegExp) =>
  pattern.test(problem?.detail.slice(0, SEARCHED) ?? "");

export const had = ({ seen }: Findings, kind: keyof Asked) => (seen.asked?.[kind].count ?? 0) > 0;

/** Our responder was there, and nobody got the answer from it. */
export const isUnasked = (findings: Findings) =>
  findings.seen.asked !== undefined && !had(findings, "answered");

/** The hint that goes with the CA's type of problem. */
export const usualRemedy = ({ problem }: Findings) =>
  consequenceOf(problem ?? { type: "", detail: "" }, 0).hint;

/** How often and from where requests came. The Host is worth a word if it is not the name. */
export function whence({ name, seen }: Findings, kind: keyof Asked): string {
  const { count = 0, from = [], hosts = [] } = seen.asked?.[kind] ?? {};
  const first = from.slice(0, MOST_ADDRESSES).join(", ");
  const others = hosts.filter((host) => host !== name).map((host) => cut(host, LONGEST_NAME / 2));
  const details = [
    from.length > 0 && `from ${first}${from.length > MOST_ADDRESSES ? " and others" : ""}`,
    others.length > 0 && `Host ${listed(others)}`,
  ].filter((part) => part !== false);
  const often = count === 1 ? "once" : `${count} times`;
  return details.length === 0 ? often : `${often} (${details.join("; ")})`;
}

/** Where the CA was, if it says so. */
export const at = ({ visit }: Findings) =>
  visit.address === undefined ? "" : ` at ${visit.address}`;

/** What the CA got there. */
export function what({ visit: { status, got, server } }: Findings): string {
  const thing = status ?? (got === "page" ? "a web page" : "something else");
  return server === undefined ? String(thing) : `${thing} (${server})`;
}

export const shortName = (name = "") => cut(showName(name), LONGEST_NAME);

export const fileOf = ({ file }: Evidence) => cut(file?.path ?? "", LONGEST_PATH);

type Answering = { server: string; values: string[] };

/** The DNS servers that answered. */
export const answersOf = ({ record }: Evidence): Answering[] =>
  record?.servers.flatMap(({ server, values }) => (values ? [{ server, values }] : [])) ?? [];

export const isRight =
  ({ record }: Evidence) =>
  ({ values }: Answering) =>
    values.includes(record?.wanted ?? "");

const named = (servers: readonly Answering[]) =>
  listed(servers.map(({ server }) => cut(server, LONGEST_NAME)));

export const serversOf = (seen: Evidence) => named(answersOf(seen));

export const has = (seen: Evidence) => (answersOf(seen).length === 1 ? "has" : "have");

export const lackingIn = (seen: Evidence) =>
  named(answersOf(seen).filter((each) => !isRight(seen)(each)));

/** What each DNS server has. */
export const valuesIn = (seen: Evidence) =>
  listed(
    answersOf(seen).map(
      ({ server, values: [first, ...more] }) =>
        `${cut(server, LONGEST_NAME)} has ${first === undefined ? "none" : cut(first, LONGEST_VALUE)}${more.length > 0 ? ` and ${more.length} more` : ""}`,
    ),
  );
