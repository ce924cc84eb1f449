import { isRecord } from "../json.ts";
import { thumbprintOf } from "../jwk.ts";
import type { Registration } from "../registration.ts";
import { SECOND, sleep } from "../time.ts";
import { type AccountEvent, type Applicant, asAccount, belongs, register } from "./account.ts";
import { type OrderEvent, type OrderWish, placeOrder } from "./order.ts";
import type { CaEvent } from "./ca.ts";
import { changeContact, isContactNew } from "./contact.ts";
import { type Look, poll } from "./poll.ts";
import { ProblemError } from "./problem.ts";
import {
  type Authorization,
  type Challenge,
  type Order,
  readAuthorization,
  readOrder,
} from "./resources.ts";
import { metaOf, misbehaved } from "./protocol.ts";
import { askRenewalInfo, orUnanswered, type RenewalInfo } from "./renewal-info.ts";
import { openTransport, type Transport, type TransportOptions } from "./transport.ts";

export type AcmeEvent = CaEvent | AccountEvent | OrderEvent;

export interface AuthorityOptions
  extends Omit<TransportOptions, "emit">, Pick<Applicant, "newKey" | "contact" | "binding"> {
  /** The registration that an earlier run recorded. */
  registration: Registration | undefined;
  /** Called before the first request as this account. */
  keep: Keep;
  emit: (event: AcmeEvent) => void;
}

/** Saves a registration. */
type Keep = (registration: Registration) => Promise<void>;

/** One account at one CA: the resources of RFC 8555, and the requests that change them. */
export class Authority {
  readonly #options: AuthorityOptions;
  readonly #transport: Transport;
  #account: Promise<Registration> | undefined;

  constructor(options: AuthorityOptions) {
    this.#options = options;
    this.#transport = openTransport(options);
  }

  /**
   * Makes sure that the account exists and has this contact. Sends nothing if the recorded
   * registration is good. `keep` replaces the usual one for this call.
   */
  async account(keep = this.#options.keep): Promise<Registration> {
    this.#account ??= this.#openAccount(keep).catch((error: unknown) => {
      this.#account = undefined;
      throw error;
    });
    return this.#account;
  }

  async #openAccount(keep: Keep): Promise<Registration> {
    const ask = (account: Registration) => this.#updateContact(account, keep);
    return this.#asAccount(await this.#kept(), ask, keep);
  }

  /** Places an order (RFC 8555 section 7.4). */
  async newOrder(wish: OrderWish): Promise<Order> {
    const { emit } = this.#options;
    const account = await this.account();
    // The requests for the authorizations follow as soon as the order is placed.
    this.#transport.expect(wish.names.length);
    return this.#asAccount(account, () => placeOrder(this.#transport, wish, emit));
  }

  #asAccount<T>(
    kept: Registration | undefined,
    ask: (account: Registration) => Promise<T>,
    keep = this.#options.keep,
  ): Promise<T> {
    const { accountKey: key } = this.#options;
    const findOrMake = () => register(this.#transport, { ...this.#options, key });
    return asAccount(this.#transport, kept, { ask, find: findOrMake, keep });
  }

  async #updateContact(account: Registration, keep: Keep): Promise<Registration> {
    const { contact, emit } = this.#options;
    if (!isContactNew(account, contact)) return account;
    const updated = await changeContact(this.#transport, account, contact);
    emit({ type: "contact-changed", contact });
    await keep(updated);
    return updated;
  }

  /** The recorded registration, if it belongs to this CA and key. */
  async #kept(): Promise<Registration | undefined> {
    const { registration, accountKey } = this.#options;
    const directory = await this.#transport.directory();
    return registration && belongs(registration, directory, accountKey) ? registration : undefined;
  }

  /** The names of the profiles that the CA offers (draft-ietf-acme-profiles section 3). */
  async profiles(): Promise<string[]> {
    const offered = metaOf(await this.#transport.directory(), "profiles");
    return isRecord(offered) ? Object.keys(offered) : [];
  }

  /** When the CA wants a certificate (DER) to be renewed. Rejects only after an interruption. */
  renewalInfo(certificate: Buffer): Promise<RenewalInfo> {
    const { now, signal } = this.#options;
    return orUnanswered(now, signal, async () =>
      askRenewalInfo({
        directory: await this.#transport.directory(),
        certificate,
        get: (url) => this.#transport.get(url),
        now: now(),
      }),
    );
  }

  async authorization(url: string): Promise<Authorization> {
    return readAuthorization(
      await this.#transport.post({ url, doing: "show an authorization" }),
      url,
    );
  }

  /** The answer to a challenge (RFC 8555 section 8.1). */
  keyAuthorization(token: string): string {
    return `${token}.${thumbprintOf(this.#options.accountKey)}`;
  }

  /** Tells the CA that it can validate the challenge (RFC 8555 section 7.5.1). */
  async respond(authorization: Authorization, { url }: Challenge): Promise<void> {
    const doing = `validate ${authorization.name}`;
    await this.#tell(
      async () => {
        await this.#transport.post({ url, payload: {}, doing, once: true });
        return true;
      },
      async () => {
        const seen = await this.authorization(authorization.url);
        const challenge = seen.challenges.find((each) => each.url === url);
        return challenge?.status !== "pending" || undefined;
      },
    );
  }

  /**
   * Waits until the CA has validated every name or given up on one. With a CSR (DER), it first tries
   * to finalize the order, which saves a look at it; then the result is that of `finalize`. If the CA
   * is not ready (RFC 8555 section 7.4), it waits.
   */
  validated(order: Order, csr?: Buffer): Promise<Order> {
    let early = csr;
    const look = async () => {
      const seen =
        early === undefined
          ? { ...(await this.#look(order)), took: 0 }
          : await this.#handIn(order, early);
      early = undefined;
      // Without an answer to the CSR, a look may come before the CA has read it.
      return { ...seen, value: await this.#issued(seen) };
    };
    return this.#wait(look, { what: "validate the names", still: ["pending"] });
  }

  /**
   * Sends the CSR (DER) and waits for the certificate (RFC 8555 section 7.4). The result's status
   * is `valid` or `invalid`.
   */
  async finalize(order: Order, csr: Buffer): Promise<Order> {
    return this.#issued(await this.#handIn(order, csr));
  }

  /** Sends the CSR. Resolves to the order after that, which is unchanged if the CA is not ready. */
  async #handIn(order: Order, csr: Buffer): Promise<HandedIn> {
    const started = performance.now();
    const seen = await this.#tell(
      async () => {
        const reply = await this.#transport.post({
          url: order.finalize,
          payload: { csr: csr.toString("base64url") },
          doing: "issue the certificate",
          once: true,
        });
        return { value: readOrder(reply, order.url), retryAfter: reply.retryAfter };
      },
      async (error) => {
        const look = await this.#look(order);
        return look.value.status !== "ready" || isNotReady(error) ? look : undefined;
      },
    );
    return { ...seen, took: performance.now() - started };
  }

  /** Waits for the certificate of a finalized order. */
  async #issued({ value, took }: HandedIn): Promise<Order> {
    if (value.status !== "processing") return value;
    // If the CA took long to accept the CSR, wait as long again before the first look. A look sent
    // at once would reach the CA one round trip after its answer.
    const roundTrip = this.#transport.roundTrip();
    await sleep(Math.max(SECOND / 40, took - roundTrip) - roundTrip, this.#options.signal);
    const what = "issue the certificate";
    return this.#wait(() => this.#look(value), { what, still: ["ready", "processing"] });
  }

  /**
   * The chains that the CA offers for a valid order (RFC 8555 section 7.4.2): PEM, leaf first. The
   * usual chain comes first. Each chain is downloaded on demand.
   */
  async *chains(order: Order): AsyncGenerator<string, undefined> {
    const url = order.certificate ?? misbehaved("sent a valid order without a certificate");
    const doing = "hand out the certificate";
    const usual = await this.#transport.post({ url, doing });
    yield usual.text;
    for (const alternate of usual.alternates)
      yield (await this.#transport.post({ url: alternate, doing })).text;
  }

  /**
   * Sends a request that starts something at the CA. If it fails, it may still have arrived. So it
   * is sent again only if `arrived` finds no trace of it.
   */
  #tell<T>(
    send: () => Promise<T>,
    arrived: (error: unknown) => Promise<T | undefined>,
  ): Promise<T> {
    return this.#transport.patiently(async () => {
      try {
        return await send();
      } catch (error) {
        this.#options.signal.throwIfAborted();
        const found = await arrived(error);
        if (found === undefined) throw error;
        return found;
      }
    });
  }

  async #look(order: Order) {
    const { url } = order;
    const reply = await this.#transport.post({ url, doing: "show the order" });
    return { value: readOrder(reply, url), retryAfter: reply.retryAfter };
  }

  #wait(
    look: () => Promise<Look<Order>>,
    { what, still }: { what: string; still: Order["status"][] },
  ): Promise<Order> {
    const { now, signal } = this.#options;
    return poll({ look, done: ({ status }) => !still.includes(status), what, now, signal });
  }
}

interface HandedIn extends Look<Order> {
  /** How long that took, in milliseconds. */
  took: number;
}

function isNotReady(error: unknown): boolean {
  return error instanceof ProblemError && error.problem.type === "orderNotReady";
}
