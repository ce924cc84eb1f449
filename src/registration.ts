/**
 * The registration of an account: its URL, and the account object (RFC 8555 section 7.1.2) that the
 * CA sent.
 */
export interface Registration {
  uri: string;
  /** Its `contact` is the one that we sent last: not every CA returns it. */
  body: Record<string, unknown>;
}
