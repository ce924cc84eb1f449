import { consequenceOf } from "../acme/consequences.ts";
import { describeProblem } from "../acme/problem.ts";
import type { Authorization } from "../acme/resources.ts";
import { redirectOf, type Visit, visitOf } from "../acme/visit.ts";
import { causesOf, cut, sayCauses } from "../causes.ts";
import { CHALLENGE_PATH, type ChallengeType, type Publication } from "../challenge/responder.ts";
import { AppError, type NameProblem } from "../errors.ts";
import { type Name, showName } from "../name.ts";

/** A name that the CA has not validated. */
export interface Failed {
  name: Name;
  authorization: Authorization;
}

interface Validation {
  type: ChallengeType;
  /** The published answers, if there were any. */
  publication?: Publication;
  /** The time ran out before the CA had a result. */
  late?: AppError;
}

/**
 * The error for names that were not validated. Each cause appears once. The hint is about the cause
 * of the most names.
 */
export function rejected(failed: readonly Failed[], validation: Validation): AppError {
  const { late } = validation;
  const causes = causesOf(
    failed.map((one) => ({ name: one.name, text: reasonOf(one, validation) })),
  );
  const first = failed.find(({ name }) => name === causes[0]?.names[0]);
  return new AppError(
    late === undefined ? "validation-failed" : "timed-out",
    `The CA ${late === undefined ? "marked some of the authorizations as invalid:" : "took too long to validate"} ${sayCauses(causes, showName)}`,
    {
      hint: first && remedyFor(first, validation),
      retryAfter: late?.retryAfter,
      problems: failed.map(problemOf),
      cause: late,
    },
  );
}

function reasonOf({ name, authorization }: Failed, validation: Validation): string {
  const { error, status } = authorization;
  if (error !== undefined) return describeProblem(error);
  const silent = wasAsked(name, validation) === false ? ", and the CA never asked" : "";
  return `its authorization is ${status}${silent}`;
}

/** Whether the CA fetched the answer from us; undefined if we cannot see that. */
function wasAsked(name: Name, { publication }: Validation): boolean | undefined {
  return publication?.fetched?.has(name);
}

/** The limit for texts in JSON; nobody reads more. */
const LONGEST_DETAIL = 1_000;

function problemOf({ name, authorization }: Failed): NameProblem {
  const { error, status } = authorization;
  const visit = visitOf(authorization);
  return {
    name,
    code: cut(error?.type || status, LONGEST_DETAIL),
    detail: cut(error ? describeProblem(error) : status, LONGEST_DETAIL),
    address: visit.address,
    url: visit.url && cut(visit.url.href, LONGEST_DETAIL),
    status: visit.status,
  };
}

const UNANSWERED =
  "The CA never reached this program: check the name's A and AAAA records, that port 80 is open, and that the web server there forwards /.well-known/acme-challenge/ here.";
const UNREACHED =
  "The CA never reached this program, since it could not connect: check the name's A and AAAA records, and that a web server can be reached on port 80 there.";
const TWO_PLACES =
  "The CA reached this program, and something else as well: all A and AAAA records of the name must lead to one web server.";
const LOOK_HTTP =
  "Open http://NAME/.well-known/acme-challenge/ from outside: it must reach this program or the webroot, over IPv4 and IPv6.";
const LOOK_DNS =
  "During a run, look up the TXT record of _acme-challenge.NAME (follow a CNAME) at the zone's public name servers. If it is missing, check the program that sets it; if it is late, raise --dns_wait.";

/** Problem types that mean: the CA got a wrong answer. */
const WRONG_ANSWER = ["unauthorized", "incorrectResponse"];
/** Problem types that mean: the CA could not connect. */
const NO_WAY = ["connection", "dns", "tls"];

function remedyFor(failed: Failed, validation: Validation): string {
  const { error } = failed.authorization;
  const { type, publication } = validation;
  const look = type === "http-01" ? LOOK_HTTP : LOOK_DNS;
  const usual = publication?.hint ?? look;
  if (error === undefined) return wasAsked(failed.name, validation) === false ? UNANSWERED : usual;
  const { hint } = consequenceOf(error, 0);
  if (![...WRONG_ANSWER, ...NO_WAY].includes(error.type)) return hint;
  return type === "http-01" ? onTheWay(failed, hint, validation) : usual;
}

/** What to do about a web server that redirects, answers wrongly, or is unreachable. */
function onTheWay({ name, authorization }: Failed, usual: string, validation: Validation): string {
  const visit = visitOf(authorization);
  const target = redirectOf(name, visit);
  if (target !== undefined) return sayRedirect(target);
  const asked = wasAsked(name, validation);
  const type = authorization.error?.type ?? "";
  if (WRONG_ANSWER.includes(type))
    return asked === true ? TWO_PLACES : sayAnswer(visit, validation);
  return type === "connection" && asked === false ? UNREACHED : usual;
}

function sayRedirect(target: string): string {
  return `The web server redirects the challenge to ${cut(target, 100)}: forward it before the redirect, or there too. In nginx, write the redirect as "location / { return 301 ...; }": outside a location it comes first.`;
}

/** The hint if another server answered. It shows the server's address if the CA reported it. */
function sayAnswer({ address, status }: Visit, { publication }: Validation): string {
  const where = address === undefined ? "" : ` at ${address}`;
  const what = status === undefined ? "something else" : String(status);
  const answered = `The web server${where} answered ${what} itself`;
  if (publication?.hint !== undefined) return `${answered}. ${publication.hint}`;
  return publication?.fetched === undefined
    ? `${answered}: it must serve ${CHALLENGE_PATH} from the folder given for the name, before any redirect.`
    : `${answered}: it does not forward ${CHALLENGE_PATH} here ("acme-sidecar nginx" prints the block for that), or is not the right one (check the name's A and AAAA records).`;
}
