/** What is kept of an account: its URL and the account object (RFC 8555 section 7.1.2) as the CA sent it. */
export interface Registration {
  uri: string;
  /** Its `contact` is what was last sent: not every CA gives it back. */
  body: Record<string, unknown>;
}
