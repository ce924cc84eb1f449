import type { Name } from "../name.ts";
import { SECOND, sleep } from "../time.ts";
import {
  type AccountEvent,
  belongs,
  find,
  isAccountUnknown,
  register,
  type Registration,
} from "./account.ts";
import { poll } from "./poll.ts";
import { ProblemError } from "./problem.ts";
import {
  type Authorization,
  type Order,
  readAuthorization,
  readOrder,
} from "./resources.ts";
import { misbehaved, stringOf } from "./protocol.ts";
import {
  openTransport,
  type Transport,
  type TransportEvent,
  type TransportOptions,
} from "./transport.ts";

export type AcmeEvent =
  | TransportEvent
  | AccountEvent
  /** The CA has fewer chains than one was asked for. */
  | { type: "no-such-chain"; alternate: number; offered: number };

export interface AuthorityOptions extends Omit<TransportOptions, "emit"> {
  contact: readonly string[];
  /** What an earlier run kept of the account. */
  registration: Registration | undefined;
  /** Keeps a registration; called before anything is asked in its name. */
  keep: (registration: Registration) => Promise<void>;
  emit: (event: AcmeEvent) => void;
}

/** One account at one CA: the resources of RFC 8555 and the requests that move them on. */
export class Authority {
  readonly #options: AuthorityOptions;
  readonly #transport: Transport;

  constructor(options: AuthorityOptions) {
    this.#options = options;
    this.#transport = openTransport(options);
  }

  /** Places an order (section 7.4) in the name of the account, which is created where there is none. */
  newOrder(names: readonly Name[]): Promise<Order> {
    const { accountKey: key, contact, keep, emit } = this.#options;
    return this.#asAccount(
      () => this.#placeOrder(names),
      async () => {
        const found = await register(this.#transport, { key, contact, emit });
        await keep(found);
        return found;
      },
    );
  }

  /**
   * Asks in the name of the account. A kept registration is used without asking
   * for it; when it is of no use, or the CA does not know it, another one is found.
   */
  async #asAccount<T>(
    ask: () => Promise<T>,
    find: () => Promise<Registration>,
  ): Promise<T> {
    const { registration, accountKey } = this.#options;
    const directory = await this.#transport.directory();
    let refused: ProblemError | undefined;
    if (registration && belongs(registration, directory, accountKey)) {
      this.#transport.signAs(registration.uri);
      try {
        return await ask();
      } catch (error) {
        if (!isAccountUnknown(error)) throw error;
        refused = error;
      }
    }
    const found = await find();
    // The account is the same and known, so the refusal was meant for what was asked.
    if (refused !== undefined && found.uri === registration?.uri) throw refused;
    this.#transport.signAs(found.uri);
    return ask();
  }

  async #placeOrder(names: readonly Name[]): Promise<Order> {
    const reply = await this.#transport.post({
      url: stringOf(await this.#transport.directory(), "newOrder", "directory"),
      payload: { identifiers: names.map((value) => ({ type: "dns", value })) },
      doing: "take the order",
    });
    return readOrder(
      reply,
      reply.location ?? misbehaved("sent an order without its URL"),
    );
  }

  async authorization(url: string): Promise<Authorization> {
    return readAuthorization(
      await this.#transport.post({ url, doing: "show an authorization" }),
      url,
    );
  }

  keyAuthorization(token: string): Promise<string> {
    return this.#transport.keyAuthorization(token);
  }

  /** Tells the CA that the challenge can be validated (section 7.5.1). */
  async respond(authorization: Authorization): Promise<void> {
    const { url } =
      authorization.challenge ?? misbehaved("sent no http-01 challenge");
    const doing = `validate ${authorization.identifier}`;
    await this.#tell(
      async () => {
        await this.#transport.post({ url, payload: {}, doing, once: true });
        return true;
      },
      async () => {
        const seen = await this.authorization(authorization.url);
        return seen.challenge?.status !== "pending" || undefined;
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
    // A CA that took long to accept the CSR is given as long again before the first look.
    const pause = Math.max(SECOND / 10, performance.now() - started);
    return this.#wait(order, {
      first: sleep(pause, this.#options.signal),
      what: "issue the certificate",
      still: ["ready", "processing"],
    });
  }

  /**
   * The PEM chain, leaf first, as the CA sent it (section 7.4.2): the usual one, or
   * one of those that the CA calls alternate, counted from 1, if there are so many.
   */
  async certificate(order: Order, alternate = 0): Promise<string> {
    const url =
      order.certificate ??
      misbehaved("sent a valid order without a certificate");
    const fetch = (url: string) =>
      this.#transport.post({ url, doing: "hand out the certificate" });
    const usual = await fetch(url);
    if (alternate === 0) return usual.text;
    const other = usual.alternates[alternate - 1];
    if (other !== undefined) return (await fetch(other)).text;
    const offered = usual.alternates.length;
    this.#options.emit({ type: "no-such-chain", alternate, offered });
    return usual.text;
  }

  /**
   * Revokes a certificate (section 7.6), in the name of the account that is there
   * or, with `byKey`, by the key that was given as the account's, which is the certificate's then.
   * Resolves to whether it had been valid.
   */
  async revoke(
    certificate: Buffer,
    { byKey }: { byKey: boolean },
  ): Promise<boolean> {
    const { accountKey: key, emit } = this.#options;
    const directory = await this.#transport.directory();
    const url = stringOf(directory, "revokeCert", "directory");
    const payload = { certificate: certificate.toString("base64url") };
    const doing = "revoke the certificate";
    let sent = 0;
    const ask = () =>
      this.#transport.patiently(async () => {
        sent += 1;
        await this.#transport.post({ url, payload, doing, byKey, once: true });
      });
    try {
      if (byKey) await ask();
      else
        await this.#asAccount(ask, () => find(this.#transport, { key, emit }));
      return true;
    } catch (error) {
      if (
        error instanceof ProblemError &&
        error.problem.type === "alreadyRevoked"
      )
        // An earlier try of ours may have arrived although its answer got lost.
        return sent > 1;
      throw error;
    }
  }

  /**
   * Sends what starts something at the CA. A failure may hide that it arrived, so
   * it is sent again only when `arrived` finds no trace of it.
   */
  #tell<T>(
    send: () => Promise<T>,
    arrived: () => Promise<T | undefined>,
  ): Promise<T> {
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
