/** Requests of one kind. The lists have the first few; the count is of all. */
export interface Tally {
  count: number;
  /** IP addresses, as the nearest proxy tells them. */
  from: string[];
  /** What the requests had in Host, without a port. */
  hosts: string[];
}

/** What a responder was asked while an answer was published. */
export interface Asked {
  /** For the token: these got the answer. */
  answered: Tally;
  /** For the token, but on another path: 404. */
  misplaced: Tally;
  /** For other tokens, with the name in Host: 404. */
  unknown: Tally;
  /** For other tokens, with a Host that is none of the order's names: 404. */
  elsewhere: Tally;
}

/** The file with an answer, as it is after the validation. */
export interface AnswerFile {
  path: string;
  /** What somebody did to it. */
  lost?: "removed" | "replaced" | "closed";
  /** The file, or the first folder on the way to it, that only its owner or group may read. */
  closed?: string;
}

/** The TXT records of a name after the validation. */
export interface TxtState {
  fqdn: string;
  /** The value that the CA wants to see. */
  wanted: string;
  /** DNS has an alias (CNAME) now that leads to this name, and the record was set elsewhere. */
  alias?: string;
  /** What each server has; without values if it does not answer. */
  servers: { server: string; values?: string[] }[];
}

/** What we can say about the validation of one name. */
export interface Evidence {
  asked?: Asked;
  file?: AnswerFile;
  record?: TxtState;
  /** A web server answers without us. */
  stateless?: true;
}
