import type { KeyObject, X509Certificate } from "node:crypto";
import type { Authority } from "../acme/authority.ts";
import { createCsr } from "../acme/csr.ts";
import { describeProblem, problemsIn } from "../acme/problem.ts";
import { misbehaved } from "../acme/protocol.ts";
import type { Authorization, Challenge, Order } from "../acme/resources.ts";
import { flawForServer } from "../acme/server-certificate.ts";
import type { Answer, Responder } from "../challenge/responder.ts";
import { AppError } from "../errors.ts";
import { type Name, showName } from "../name.ts";
import { type Bundle, flawOf } from "../store/bundle.ts";
import { readCertificates } from "../store/pem.ts";
import { after, type Clock, DAY, SECOND, sleep } from "../time.ts";
import { chooseChain } from "./chain.ts";
import type { Emit } from "./outcome.ts";
import { rejected } from "./rejected.ts";
import type { Chain } from "./target.ts";

export interface Errand {
  names: readonly Name[];
  /** Whether the caller wants to know of every name that fails, and not of the first only. */
  isPartial: boolean;
  key: KeyObject;
  chain: Chain;
  profile: string | undefined;
  /** The certificate (DER) that the new one replaces, if this CA issued it. */
  replaces: Buffer | undefined;
  authority: Authority;
  responder: Responder;
  now: Clock;
  signal: AbortSignal;
  emit: Emit;
}

/**
 * Gets a certificate: order, answers, CSR and chain (RFC 8555 section 7.4). It is checked before it
 * is returned.
 */
export async function obtain(errand: Errand): Promise<Bundle> {
  const { chain, authority, names, key, emit } = errand;
  const order = await authority.newOrder(errand);
  emit({ type: "ordered", url: order.url, names });
  let made: Promise<Buffer> | undefined;
  const csr = () => (made ??= createCsr(names, key));
  const ready = order.status === "pending" ? await validate(order, { ...errand, csr }) : order;
  const finished = ready.status === "ready" ? await authority.finalize(ready, await csr()) : ready;
  if (finished.status !== "valid") throw unusable(finished);
  return prove(await chooseChain(authority.chains(finished), chain, emit), errand);
}

/** Has the names of an order validated. If it could be finalized with that, it is valid already. */
async function validate(
  order: Order,
  errand: Errand & { csr: () => Promise<Buffer> },
): Promise<Order> {
  const { authority, responder, names, csr, signal, emit } = errand;
  const { type } = responder;
  const named = (failed: readonly Authorization[]) =>
    failed.map((authorization) => ({
      name: orderedIn(names, authorization),
      authorization,
    }));
  const authorizations = await Promise.all(
    order.authorizations.map((url) => authority.authorization(url)),
  );
  const pending = authorizations.filter(({ status }) => status !== "valid");
  const failed = pending.filter(({ status }) => status !== "pending");
  if (failed.length > 0) throw rejected(named(failed), { type });
  const tasks = pending.map((authorization) => taskOf(authorization, errand));
  const answers = tasks.map(({ answer }) => answer);

  await using publication = await responder.publish(answers, signal);
  if (answers.length > 0) emit({ type: "validating", names: answers.map(({ name }) => name) });
  await Promise.all(
    tasks.map(({ authorization, challenge }) => authority.respond(authorization, challenge)),
  );
  const verdicts = () => Promise.all(pending.map(({ url }) => authority.authorization(url)));
  const explained = async (open: readonly Authorization[], late?: AppError) => {
    const lost = named(open);
    const evidence = await publication.evidence(
      lost.map(({ name }) => name),
      signal,
    );
    return rejected(lost, { type, evidence, ...(late && { late }) });
  };
  // There is time for the CSR.
  const [made] = await Promise.all([csr(), publication.asked(signal)]);
  // As soon as every answer was fetched, the CA is likely to be done.
  const isFetched = answers.every(({ name }) => publication.fetched?.has(name));
  const validated = await authority
    .validated(order, isFetched ? made : undefined)
    .catch(async (error: unknown) => {
      if (!(error instanceof AppError) || error.code !== "timed-out") throw error;
      const open = (await verdicts()).filter(({ status }) => status !== "valid");
      throw open.length > 0 ? await explained(open, error) : error;
    });
  if (validated.status === "invalid") {
    const seen = await (errand.isPartial ? settled(pending, errand) : verdicts());
    const failed = seen.filter(({ status, error }) => status === "invalid" || error);
    throw failed.length > 0 ? await explained(failed) : unusable(validated);
  }
  emit({ type: "validated" });
  return validated;
}

/** How often to look, once a second. A CA gives up on a name that does not answer in this time. */
const MOST_LOOKS = 30;

/**
 * The authorizations of an order that is invalid, when the CA has done with all of them. The first
 * name that fails makes the order invalid.
 */
async function settled(
  pending: readonly Authorization[],
  { authority, signal }: Errand,
): Promise<Authorization[]> {
  const done: Authorization[] = [];
  let open = pending;
  for (let looks = 1; ; looks += 1) {
    const seen = await Promise.all(open.map(({ url }) => authority.authorization(url)));
    done.push(...seen.filter(({ status }) => status !== "pending"));
    open = seen.filter(({ status }) => status === "pending");
    if (open.length === 0 || looks === MOST_LOOKS) return [...done, ...open];
    await sleep(SECOND, signal);
  }
}

interface Task {
  authorization: Authorization;
  challenge: Challenge;
  answer: Answer;
}

/** The ordered name that an authorization is for. */
function orderedIn(names: readonly Name[], { name }: Authorization): Name {
  return (
    names.find((each) => each === name) ?? misbehaved(`asks about ${name}, which was not ordered`)
  );
}

function taskOf(authorization: Authorization, { names, authority, responder }: Errand): Task {
  const name = orderedIn(names, authorization);
  const challenge = authorization.challenges.find(({ type }) => type === responder.type);
  if (challenge === undefined) {
    const offered = authorization.challenges.map(({ type }) => type).join(", ");
    throw new AppError(
      "challenge-missing",
      `For ${showName(name)} the CA does not offer the challenge ${responder.type}. It offers ${offered || "no known challenge"}.`,
      { hint: "Choose another way to answer it, or another CA with --server." },
    );
  }
  const { token } = challenge;
  const answer = { name, token, keyAuthorization: authority.keyAuthorization(token) };
  return { authorization, challenge, answer };
}

function unusable(order: Order): AppError {
  const reason = order.error ? describeProblem(order.error) : "it gave no reason";
  return new AppError("ca-refused", `The CA left the order ${order.status}: ${reason}`, {
    hint: "Run again; the CA starts a new order then.",
    problems: order.error && problemsIn(order.error),
  });
}

/**
 * A clock may be wrong by its time zone, so allow a day. A certificate that starts later is useless
 * now.
 */
function checkStart(leaf: X509Certificate, now: Date): void {
  if (leaf.validFromDate <= after(now, DAY)) return;
  throw new AppError(
    "ca-misbehaved",
    `The CA sent a certificate that is valid from ${leaf.validFromDate.toISOString()}, and this computer's clock says ${now.toISOString()}.`,
    { hint: "Set the clock if it is wrong; else tell the CA's operator." },
  );
}

function prove(pem: string, { key, names, now }: Errand): Bundle {
  const flaw = (what: string, cause?: unknown) =>
    new AppError("bad-certificate", `The CA sent a certificate that cannot be used: ${what}.`, {
      hint: "Nothing was changed. Run again; if it happens again, tell the CA's operator.",
      cause,
    });
  let certificates: X509Certificate[];
  try {
    certificates = readCertificates(pem);
  } catch (error) {
    throw flaw("it cannot be read", error);
  }
  const [leaf, ...chain] = certificates;
  if (leaf === undefined) throw flaw("there is none in the answer");
  const bundle = { key, leaf, chain };
  checkStart(leaf, now());
  const wrong = flawOf(bundle, names, now()) ?? flawForServer(certificates);
  if (wrong !== undefined) throw flaw(wrong);
  return bundle;
}
