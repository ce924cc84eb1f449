import { isRecord } from "../json.ts";
import { thumbprintOf } from "../jwk.ts";
import type { Registration } from "../registration.ts";
import { SECOND, sleep } from "../time.ts";
import { type AccountEvent, type Applicant, asAccount, belongs, register } from "./account.ts";
import { type OrderEvent, type OrderWish, placeOrder } from "./order.ts";
import { changeContact, isContactNew } from "./contact.ts";
import { poll } from "./poll.ts";
import {
  type Authorization,
  type Challenge,
  type Order,
  readAuthorization,
  readOrder,
} from "./resources.ts";
import { metaOf, misbehaved } from "./protocol.ts";
import { askRenewalInfo, orUnanswered, type RenewalInfo } from "./renewal-info.ts";
import {
  openTransport,
  type Transport,
  type TransportEvent,
  type TransportOptions,
} from "./transport.ts";

export type AcmeEvent = TransportEvent | AccountEvent | OrderEvent;

export interface AuthorityOptions
  extends Omit<TransportOptions, "emit">, Pick<Applicant, "newKey" | "contact" | "binding"> {
  /** What an earlier run kept of the account. */
  registration: Registration | undefined;
  /** Called before anything is asked in its name. */
  keep: Keep;
  emit: (event: AcmeEvent) => void;
}

/** Keeps a registration. */
type Keep = (registration: Registration) => Promise<void>;

/** One account at one CA: the resources of RFC 8555 and the requests that move them on. */
export class Authority {
  readonly #options: AuthorityOptions;
  readonly #transport: Transport;
  #account: Promise<Registration> | undefined;

  constructor(options: AuthorityOptions) {
    this.#options = options;
    this.#transport = openTransport(options);
  }

  /**
   * Makes sure of the account, which is created where there is none, and of its contact. Asks
   * the CA nothing when what is kept can be used as it is. `keep` stands in for the usual one.
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

  /** Places an order (section 7.4) in the name of the account. */
  async newOrder(wish: OrderWish): Promise<Order> {
    const { emit } = this.#options;
    return this.#asAccount(await this.account(), () => placeOrder(this.#transport, wish, emit));
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

  /** The registration that is kept, if it is one of this CA and this key. */
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

  /** When the CA would like a certificate (DER) to be renewed; never rejects for the CA's sake. */
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

  /** What answers a challenge (section 8.1). */
  keyAuthorization(token: string): string {
    return `${token}.${thumbprintOf(this.#options.accountKey)}`;
  }

  /** Tells the CA that the challenge can be validated (section 7.5.1). */
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

  /** Waits until the CA has validated every name or given up on one. */
  validated(order: Order, first: Promise<void>): Promise<Order> {
    return this.#wait(order, {
      first,
      what: "validate the names",
      still: ["pending"],
    });
  }

  /** Hands in the CSR (DER) and waits for the certificate (section 7.4). Its result is `valid` or `invalid`. */
  async finalize(order: Order, csr: Buffer): Promise<Order> {
    const started = performance.now();
    const finalized = await this.#tell(
      async () =>
        readOrder(
          await this.#transport.post({
            url: order.finalize,
            payload: { csr: csr.toString("base64url") },
            doing: "issue the certificate",
            once: true,
          }),
          order.url,
        ),
      async () => {
        const { value } = await this.#look(order);
        return value.status === "ready" ? undefined : value;
      },
    );
    if (finalized.status !== "processing") return finalized;
    // A CA that took long to accept the CSR is given as long again before the first look, which takes half a round trip to get there.
    const took = performance.now() - started;
    const pause = Math.max(SECOND / 40, took - this.#transport.roundTrip());
    return this.#wait(order, {
      first: sleep(pause, this.#options.signal),
      what: "issue the certificate",
      still: ["ready", "processing"],
    });
  }

  /** The chains that the CA offers for a valid order, PEM, leaf first, the usual one first (section 7.4.2); each is fetched when asked for. */
  async *chains(order: Order): AsyncGenerator<string, undefined> {
    const url = order.certificate ?? misbehaved("sent a valid order without a certificate");
    const doing = "hand out the certificate";
    const usual = await this.#transport.post({ url, doing });
    yield usual.text;
    for (const alternate of usual.alternates)
      yield (await this.#transport.post({ url: alternate, doing })).text;
  }

  /**
   * Sends what starts something at the CA. A failure may hide that it arrived, so
   * it is sent again only when `arrived` finds no trace of it.
   */
  #tell<T>(send: () => Promise<T>, arrived: () => Promise<T | undefined>): Promise<T> {
    return this.#transport.patiently(async () => {
      try {
        return await send();
      } catch (error) {
        this.#options.signal.throwIfAborted();
        const found = await arrived();
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
    order: Order,
    wait: { first: Promise<void>; what: string; still: Order["status"][] },
  ): Promise<Order> {
    return poll<Order>({
      ...wait,
      look: () => this.#look(order),
      done: (value) => !wait.still.includes(value.status),
      now: this.#options.now,
      signal: this.#options.signal,
    });
  }
}
