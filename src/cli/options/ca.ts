import { ACCOUNT, type OptionSpec, TARGET } from "../option.ts";

/** Which CA to use, with which account, and how to reach it. */
export const CA_OPTIONS = {
  server: {
    value: "CA",
    repeatable: true,
    describe:
      "The CA, by short name (list below) or directory URL; with several, the next is used while the one before is unreachable or busy",
    default: ["letsencrypt"],
    verbs: ["issue", "account import", "batch", ...ACCOUNT],
    key: "server",
    property: "server",
    recorded: true,
  },
  email: {
    value: "ADDRESS",
    describe: "Your e-mail address for the CA; commas between several",
    verbs: [...TARGET, ...ACCOUNT],
    key: "email",
    property: "email",
    recorded: true,
  },
  dry_run: {
    isNew: true,
    describe: "Try everything at the CA's staging server and keep nothing",
    strict: true,
    verbs: ["issue"],
  },
  eab_kid: {
    value: "ID",
    isNew: true,
    describe: "Key ID from the CA, for an external account binding",
    verbs: TARGET,
    key: "eab_kid",
    property: "eab-kid",
    recorded: true,
  },
  eab_hmac_key: {
    value: "KEY",
    isNew: true,
    describe:
      "The MAC key (base64url) of that binding; other users can see a command line, so prefer the file or the variable",
    secret: true,
    verbs: TARGET,
    key: "eab_hmac_key",
    property: "eab-hmac-key",
  },
  eab_hmac_key_file: {
    value: "FILE",
    isNew: true,
    describe: "A file that holds this MAC key",
    verbs: TARGET,
    key: "eab_hmac_key_file",
    recorded: true,
  },
  account_dir: {
    value: "DIR",
    isNew: true,
    describe: "Keep accounts in this folder, one for each CA and --email; many sets can share it",
    otherwise: "with the other files",
    verbs: [...TARGET, ...ACCOUNT],
    recorded: true,
  },
  account_key_size: {
    value: "BITS",
    describe: "Make a new account's key RSA, of this size",
    default: 4096,
    otherwise: "with --account_key_public_exponent; else EC P-256",
    verbs: [...TARGET, "nginx", "account rollover"],
    key: "account_key_size",
    recorded: true,
  },
  account_key_public_exponent: {
    value: "NUMBER",
    describe: "Make it RSA, with this public exponent",
    default: 65_537,
    verbs: [...TARGET, "nginx", "account rollover"],
    recorded: true,
  },
  ca_bundle: {
    value: "FILE",
    describe: "PEM file of more roots to trust for the CA",
    verbs: [...TARGET, ...ACCOUNT, "renew"],
    recorded: true,
  },
  user_agent: {
    value: "TEXT",
    describe: 'User agent for the CA; "" sends only ACME',
    otherwise: "acme-sidecar/VERSION",
    verbs: [...TARGET, ...ACCOUNT, "renew"],
    recorded: true,
  },
  yes: {
    isNew: true,
    describe: "Confirm what cannot be undone",
    verbs: ["account deactivate"],
  },
} as const satisfies Record<string, OptionSpec>;
