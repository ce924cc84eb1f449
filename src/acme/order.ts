import type { AppError } from "../errors.ts";
import { kindOf, type Name } from "../name.ts";
import { ProblemError } from "./problem.ts";
import { addressIn, addressOf, misbehaved } from "./protocol.ts";
import { certificateId } from "./renewal-info.ts";
import { type Order, readOrder } from "./resources.ts";
import type { Transport } from "./transport.ts";

export interface OrderWish {
  names: readonly Name[];
  /** A profile from the directory's list (draft-ietf-acme-profiles). */
  profile?: string | undefined;
  /** The certificate (DER) that the new one replaces; this CA issued it. */
  replaces?: Buffer | undefined;
}

/** The CA refused an order that replaces a certificate. */
export interface OrderEvent {
  type: "not-replaced";
  error: AppError;
}

/**
 * The limit for each name. A CA may want more than one authorization (RFC 8555 section 7.1.3), but
 * each costs requests and time.
 */
const MOST_AUTHORIZATIONS = 10;

/**
 * Places an order (RFC 8555 section 7.4). If the CA refuses it with `replaces`, tries once more
 * without.
 */
export async function placeOrder(
  transport: Transport,
  { names, profile, replaces }: OrderWish,
  emit: (event: OrderEvent) => void,
): Promise<Order> {
  const directory = await transport.directory();
  const url = addressIn(directory, "newOrder", "directory");
  const identifiers = names.map((value) => ({ type: kindOf(value), value }));
  const place = async (more: { replaces?: string }) => {
    const reply = await transport.post({
      url,
      payload: { identifiers, ...(profile ? { profile } : {}), ...more },
      doing: "take the order",
    });
    const location = addressOf(reply.location ?? misbehaved("sent an order without its URL"));
    const order = readOrder(reply, location);
    const { length } = order.authorizations;
    if (length === 0 && order.status === "pending")
      misbehaved("sent an order that waits for no authorization");
    if (length > MOST_AUTHORIZATIONS * names.length)
      misbehaved(
        `wants ${length} authorizations for ${names.length} ${names.length === 1 ? "name" : "names"}`,
      );
    return order;
  };
  const knows = typeof directory["renewalInfo"] === "string";
  const id = replaces && knows ? certificateId(replaces) : undefined;
  if (id === undefined) return place({});
  try {
    return await place({ replaces: id });
  } catch (error) {
    // A CA may refuse `replaces` for any reason, and no order needs it (RFC 9773 section 5).
    if (!(error instanceof ProblemError) || !isRefusal(error)) throw error;
    emit({ type: "not-replaced", error });
    return place({});
  }
}

/**
 * Whether an order without `replaces` may succeed. After a rate limit or a Retry-After it would
 * not.
 */
function isRefusal({ status, retryAfter }: ProblemError): boolean {
  return status !== 429 && retryAfter === undefined;
}
