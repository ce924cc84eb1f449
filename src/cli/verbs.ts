/** The commands, in one word or two. */
export const VERB_NAMES = [
  "issue",
  "revoke",
  "nginx",
  "account show",
  "account rollover",
  "account deactivate",
  "account import",
  "batch",
  "renew",
  "status",
  "dokku",
  "plugin",
  "tar",
] as const;

export type Verb = (typeof VERB_NAMES)[number];

/** Who heeds what a target is: `account import` for the command that it tells. */
export const TARGET = ["issue", "account import", "batch", "dokku"] as const satisfies Verb[];

/** Who is about one account, or the certificate that it is to revoke. */
export const ACCOUNT = [
  "revoke",
  "nginx",
  "account show",
  "account rollover",
  "account deactivate",
] as const satisfies Verb[];
