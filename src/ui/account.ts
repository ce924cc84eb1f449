/** The facts about an account that are shown. */
export interface AccountView {
  uri: string;
  /** The CA's host. */
  ca: string;
  /** The type of its key. */
  key: string;
  /** The key's thumbprint (RFC 7638). */
  thumbprint: string;
  contact: string[];
}

/** An account as a JSON object or as lines. */
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
