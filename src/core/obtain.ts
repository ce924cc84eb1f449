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
  alternateChain: number;
  authority: Authority;
  responder: Responder;
  now: Clock;
  signal: AbortSignal;
  emit: Emit;
}

/** Gets a certificate: order, answers, CSR, chain (RFC 8555 section 7.4), proven before it is returned. */
export async function obtain(errand: Errand): Promise<Bundle> {
  const { alternateChain, authority, names, key, emit } = errand;
  const order = await authority.newOrder(names);
  emit({ type: "ordered", url: order.url, names });
  const ready =
    order.status === "pending" ? await validate(order, errand) : order;
  if (ready.status !== "ready") throw unusable(ready);
  const finished = await authority.finalize(ready, await createCsr(names, key));
  if (finished.status !== "valid") throw unusable(finished);
  return prove(await authority.certificate(finished, alternateChain), errand);
}

async function validate(order: Order, errand: Errand): Promise<Order> {
  const { authority, responder, signal, emit } = errand;
  const authorizations = await Promise.all(
    order.authorizations.map((url) => authority.authorization(url)),
  );
  const pending = authorizations.filter(({ status }) => status !== "valid");
  const failed = pending.filter(({ status }) => status !== "pending");
  if (failed.length > 0) throw rejected(failed);
  const answers = await Promise.all(
    pending.map((authorization) => answerOf(authorization, errand)),
  );

  await using publication = await responder.publish(answers, signal);
  emit({ type: "validating", names: answers.map(({ name }) => name) });
  await Promise.all(
    pending.map((authorization) => authority.respond(authorization)),
  );
  const verdicts = () =>
    Promise.all(pending.map(({ url }) => authority.authorization(url)));
  const validated = await authority
    .validated(order, publication.asked(signal))
    .catch(async (error: unknown) => {
      if (!(error instanceof AppError) || error.code !== "timed-out")
        throw error;
      const open = (await verdicts()).filter(
        ({ status }) => status !== "valid",
      );
      throw rejected(open, publication, error);
    });
  if (validated.status === "invalid") {
    const failed = (await verdicts()).filter(
      ({ status, error }) => status === "invalid" || error,
    );
    throw failed.length > 0
      ? rejected(failed, publication)
      : unusable(validated);
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

/** The error for names without a good verdict: each with the CA's reason, and whether the CA ever came here. */
function rejected(
  failed: readonly Authorization[],
  publication?: Publication,
  late?: AppError,
): AppError {
  const fetched = publication?.fetched;
  const asked = ({ identifier }: Authorization) =>
    fetched?.has(identifier as Name);
  const reasons = failed.map((authorization) => {
    const { identifier, status, error } = authorization;
    if (error) return `${showName(identifier)}: ${describeProblem(error)}`;
    const silent = asked(authorization) === false ? ", and it never asked" : "";
    return `${showName(identifier)}: its authorization is ${status}${silent}`;
  });
  const unheard = failed.some(
    (authorization) => asked(authorization) === false,
  );
  return new AppError(
    late === undefined ? "validation-failed" : "timed-out",
    `The CA ${late === undefined ? "marked some of the authorizations as invalid:" : "took too long to validate"} ${reasons.join("; ")}`,
    {
      hint: unheard
        ? "The CA never reached this program: check the name's A and AAAA records, port 80, and that the web server forwards /.well-known/acme-challenge/ here."
        : "Open http://NAME/.well-known/acme-challenge/ from outside: it must reach this program or the webroot, over IPv4 and IPv6.",
      retryAfter: late?.retryAfter,
      cause: late,
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
