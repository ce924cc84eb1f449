import type { HttpOptions } from "../acme/http.ts";
import type { Ask, HostPort, Server } from "../challenge/dns/resolver.ts";
import type { Responder } from "../challenge/responder.ts";
import type { AppError } from "../errors.ts";
import type { Name } from "../name.ts";
import type { Clock } from "../time.ts";
import type { AuthorityView } from "./authority.ts";
import type { Observation, Way } from "./observation.ts";

/** What to check: names, and how the CA gets its answers. */
export interface Question {
  names: readonly Name[];
  way: Way;
  /** What answers, or why it could not be opened. It is not used for DNS. */
  responder: Responder | AppError;
  /** The thumbprint of the account for which a web server answers by itself, if it is known. */
  thumbprint: string | undefined;
  /** The CA's directory URL. */
  from: string;
  /** The DNS servers to ask; none: the system's. */
  resolvers: readonly HostPort[];
}

export interface CheckContext extends HttpOptions {
  now: Clock;
  /** What CAs said to earlier checks of the run, by directory URL. */
  authorities: Map<string, Promise<AuthorityView>>;
}

/** The DNS servers to ask, and how to ask them. */
export interface Dns {
  ask: Ask;
  servers: readonly Server[];
}

/** What was seen where names lead to, and the addresses that were asked. */
export interface Places {
  addresses: ReadonlyMap<string, readonly string[]>;
  observations: readonly Observation[];
}
