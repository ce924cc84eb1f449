import type { KeyObject, X509Certificate } from "node:crypto";
import type { Authority } from "../acme/authority.ts";
import { createCsr } from "../acme/csr.ts";
import { describeProblem } from "../acme/problem.ts";
import type { Authorization, Order } from "../acme/resources.ts";
import type { Answer, Publication, Responder } from "../challenge/responder.ts";
import { AppError } from "../errors.ts";
import { type Name, showName } from "../name.ts";
import { type Bundle, flawOf } from "../store/bundle.ts";
import { readCertificates } from "../store/pem.ts";
import type { Clock } from "../time.ts";
import type { Emit } from "./outcome.ts";

export interface Errand {
  names: readonly Name[];
  key: KeyObject;
  authority: Authority;
  responder: Responder;
  now: Clock;
  signal: AbortSignal;
  emit: Emit;
}

/** Gets a certificate: order, answers, CSR, chain (RFC 8555 section 7.4), proven before it is returned. */
export async function obtain(errand: Errand): Promise<Bundle> {
  const { authority, names, key, emit } = errand;
  const order = await authority.newOrder(names);
  emit({ type: "ordered", url: order.url, names });
  const ready =
    order.status === "pending" ? await validate(order, errand) : order;
  if (ready.status !== "ready") throw unusable(ready);
  const finished = await authority.finalize(ready, await createCsr(names, key));
  if (finished.status !== "valid") throw unusable(finished);
  return prove(await authority.certificate(finished), errand);
}

async function validate(order: Order, errand: Errand): Promise<Order> {
  const { authority, responder, signal, emit } = errand;
  const authorizations = await Promise.all(
    order.authorizations.map((url) => authority.authorization(url)),
  );
  const pending = authorizations.filter(({ status }) => status !== "valid");
  const failed = pending.filter(({ status }) => status !== "pending");
  if (failed.length > 0) throw rejected(failed, undefined);
  const answers = await Promise.all(
    pending.map((authorization) => answerOf(authorization, errand)),
  );

  await using publication = await responder.publish(answers, signal);
  emit({ type: "validating", names: answers.map(({ name }) => name) });
  await Promise.all(
    pending.map((authorization) => authority.respond(authorization)),
  );
  const validated = await authority
    .validated(order, publication.asked(signal))
    .catch((error: unknown) => {
      throw overdue(error, answers, publication);
    });
  if (validated.status === "invalid") {
    const verdicts = await Promise.all(
      pending.map(({ url }) => authority.authorization(url)),
    );
    throw rejected(
      verdicts.filter(({ status, error }) => status === "invalid" || error),
      publication,
      validated,
    );
  }
  emit({ type: "validated" });
  return validated;
}

async function answerOf(
  authorization: Authorization,
  { names, authority }: Errand,
): Promise<Answer> {
  const name = names.find(
    (each) => each === authorization.identifier.toLowerCase(),
  );
  if (name === undefined)
    throw new AppError(
      "ca-misbehaved",
      `The CA asks about ${authorization.identifier}, which was not ordered.`,
      {
        scope: "authority",
      },
    );
  if (authorization.challenge === undefined)
    throw new AppError(
      "challenge-missing",
      `The CA does not offer an http-01 challenge for ${showName(name)}.`,
      {
        hint: "Choose another CA with --server; other kinds of challenge are not supported yet.",
      },
    );
  const { token } = authorization.challenge;
  return {
    name,
    token,
    keyAuthorization: await authority.keyAuthorization(token),
  };
}

/** The error for names the CA did not accept, each with the CA's reason and whether it ever asked us. */
function rejected(
  failed: Authorization[],
  publication: Publication | undefined,
  order?: Order,
): AppError {
  const reasons = failed.map(({ identifier, status, error }) => {
    const reason = error
      ? describeProblem(error)
      : `its authorization is ${status}`;
    return `${showName(identifier)}: ${reason}`;
  });
  const reason = order?.error && describeProblem(order.error);
  const asked = failed.some(({ identifier }) =>
    publication?.fetched?.has(identifier as Name),
  );
  return new AppError(
    "validation-failed",
    `The CA could not validate ${[...reasons, ...(reasons.length === 0 && reason ? [reason] : [])].join("; ") || "the order"}`,
    {
      hint:
        publication?.fetched === undefined || asked
          ? "Open http://NAME/.well-known/acme-challenge/ from outside: it must reach this program or the webroot, over IPv4 and IPv6."
          : "The CA never reached this program: check the name's A and AAAA records, port 80, and that the web server forwards /.well-known/acme-challenge/ here.",
    },
  );
}

function overdue(
  error: unknown,
  answers: readonly Answer[],
  { fetched }: Publication,
): unknown {
  if (!(error instanceof AppError) || error.code !== "timed-out") return error;
  const silent = answers
    .filter(({ name }) => fetched?.has(name) === false)
    .map(({ name }) => showName(name));
  if (silent.length === 0) return error;
  return new AppError(
    "timed-out",
    `The CA never asked for ${silent.join(", ")}.`,
    {
      hint: "Check the DNS records, port 80, and that the web server forwards /.well-known/acme-challenge/ here.",
      retryAfter: error.retryAfter,
      cause: error,
    },
  );
}

function unusable(order: Order): AppError {
  const reason = order.error
    ? describeProblem(order.error)
    : "it gave no reason";
  return new AppError(
    "ca-refused",
    `The CA left the order ${order.status}: ${reason}`,
    {
      hint: "Run again; the CA starts a new order then.",
    },
  );
}

function prove(pem: string, { key, names, now }: Errand): Bundle {
  const flaw = (what: string, cause?: unknown) =>
    new AppError(
      "bad-certificate",
      `The CA sent a certificate that cannot be used: ${what}.`,
      {
        hint: "Nothing was changed. Run again; if it stays so, tell the CA's operator.",
        cause,
      },
    );
  let certificates: X509Certificate[];
  try {
    certificates = readCertificates(pem);
  } catch (error) {
    throw flaw("it cannot be read", error);
  }
  const [leaf, ...chain] = certificates;
  if (leaf === undefined) throw flaw("there is none in the answer");
  const bundle = { key, leaf, chain };
  const wrong = flawOf(bundle, names, now());
  if (wrong !== undefined) throw flaw(wrong);
  return bundle;
}
