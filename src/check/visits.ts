import { randomBytes } from "node:crypto";
import { isIPv6 } from "node:net";
import pLimit from "p-limit";
import type { Answer, Publication, Responder } from "../challenge/responder.ts";
import { AppError } from "../errors.ts";
import { kindOf, type Name } from "../name.ts";
import type { CheckContext, Dns, Places, Question } from "./question.ts";
import { judge } from "./judge.ts";
import { type Addresses, addressesOf } from "./names.ts";
import { isPrivate, ownPublicAddresses } from "./networks.ts";
import type { Cause, Observation } from "./observation.ts";
import { visit, type Visit } from "./visit.ts";

/** The addresses to ask at once. Each needs a socket. */
const MOST_VISITS = 50;

interface Probe extends Answer {
  found: Addresses;
}

/** Asks every address of every name for a token of its own. */
export async function visitAll(
  question: Question,
  dns: Dns,
  context: CheckContext,
): Promise<Places> {
  const { names, way, responder } = question;
  const probes = await Promise.all(names.map((name) => probeFor(name, dns)));
  const unknown = probes.flatMap(({ name, found }): Observation[] =>
    found.kind === "none" ? [{ way, name, cause: found.cause, detail: found.detail }] : [],
  );
  const reachable = probes.filter(({ found }) => found.kind === "found");
  const opened = await publish(reachable, responder, context.signal);
  if (opened instanceof AppError) {
    const seen = { way, cause: causeOf(opened), detail: opened.message, hint: opened.hint };
    return { addresses: new Map(), observations: [seen, ...unknown] };
  }
  await using publication = opened;
  const limit = pLimit(MOST_VISITS);
  const visits = await Promise.all(
    reachable.flatMap((probe) =>
      listOf(probe.found).map((address) =>
        limit(async () => {
          const { name, token } = probe;
          const seen = await visit(
            { name, address, token },
            { ...context, addressesOf: async (host) => listOf(await addressesOf(host, dns)) },
          );
          return { ...seen, isRight: isRight(seen, probe, question) };
        }),
      ),
    ),
  );
  return {
    addresses: new Map(probes.map(({ name, found }) => [name, listOf(found)])),
    observations: [...unknown, ...judgeAll(visits, publication, question)],
  };
}

const listOf = (found: Addresses) => (found.kind === "found" ? found.addresses : []);

async function probeFor(name: Name, dns: Dns): Promise<Probe> {
  const found =
    kindOf(name) === "ip"
      ? ({ kind: "found", addresses: [name] } as const)
      : await addressesOf(name, dns);
  // As long as those of CAs, so that what stands in the way treats it in the same way.
  const token = randomBytes(32).toString("base64url");
  const thumbprint = randomBytes(32).toString("base64url");
  return { name, token, keyAuthorization: `${token}.${thumbprint}`, isProbe: true, found };
}

/** Publishes the answers. Returns the error of a port or a folder that cannot be used. */
async function publish(
  probes: readonly Probe[],
  responder: Responder | AppError,
  signal: AbortSignal,
): Promise<Publication | AppError> {
  if (responder instanceof AppError) return responder;
  try {
    return await responder.publish(probes, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof AppError) return error;
    throw error;
  }
}

/** The codes of errors that are causes. */
const ROWS: readonly Cause[] = ["port-taken", "listen-failed", "webroot-unwritable"];

function causeOf(error: AppError): Cause {
  const cause = ROWS.find((each) => each === error.code);
  if (cause === undefined) throw error;
  return cause;
}

/** Whether the visit ended with the answer that the CA wants. */
function isRight({ end }: Visit, probe: Probe, { way, thumbprint }: Question): boolean {
  if (end.kind !== "answer" || end.status !== 200) return false;
  // RFC 8555 section 8.3 allows whitespace at the end.
  const text = end.body.trimEnd();
  if (way !== "stateless") return text === probe.keyAuthorization;
  const [token, print = "", ...more] = text.split(".");
  const isPrint = thumbprint === undefined ? /^[\w-]{43}$/.test(print) : print === thumbprint;
  return token === probe.token && isPrint && more.length === 0;
}

type Judged = Visit & { isRight: boolean };

function judgeAll(
  visits: readonly Judged[],
  { fetched }: Publication,
  { way }: Question,
): Observation[] {
  const own = ownPublicAddresses();
  const right = visits.filter((each) => each.isRight);
  const proven = new Set(right.map(({ address }) => address));
  const ours = new Set([...own, ...proven]);
  const onIpv4 = new Set(right.flatMap(({ name, address }) => (isIPv6(address) ? [] : name)));
  return visits.flatMap((each) => {
    const { name, address } = each;
    const seen = judge(each, {
      ...{ way, isRight: each.isRight },
      // Our public addresses tell nothing about a private one.
      ours: isPrivate(address) ? proven : ours,
      asked: fetched?.has(name),
      ipv4Works: onIpv4.has(name),
      isBehindRouter: own.length === 0 && !isPrivate(address),
    });
    return seen ?? [];
  });
}
