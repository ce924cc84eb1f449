/** What there is to say about an account. */
export interface AccountView {
  uri: string;
  /** The host of the CA. */
  ca: string;
  /** The kind of its key. */
  key: string;
  /** RFC 7638. */
  thumbprint: string;
  contact: string[];
}

/** An account as one JSON object, or as lines. */
export function sayAccount(view: AccountView, json: boolean): string {
  if (json) return JSON.stringify(view);
  const { uri, ca, key, thumbprint, contact } = view;
  return [
    `Account:    ${uri}`,
    `CA:         ${ca}`,
    `Key:        ${key}`,
    `Thumbprint: ${thumbprint}`,
    `Contact:    ${contact.length === 0 ? "none" : contact.join(", ")}`,
  ].join("\n");
}
