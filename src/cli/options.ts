/** One option as a person may write it; the only place where options and their defaults are listed. */
export interface OptionSpec {
  alias?: string;
  /** How the value is called in the help; undefined for a switch. */
  value?: string;
  repeatable?: true;
  /** simp_le does not have it. */
  isNew?: true;
  /** An option of simp_le that does nothing here: an error, or a warning. `describe` says what to do instead. */
  gone?: "refused" | "ignored";
  describe: string;
}

/** By simp_le's spelling; hyphens may stand for the underscores. */
export const OPTIONS = {
  vhost: {
    alias: "d",
    value: "NAME[:ROOT]",
    repeatable: true,
    describe:
      "A name the certificate is for, and the folder its web server serves; without a folder the challenge is answered on --listen",
  },
  default_root: {
    value: "ROOT",
    describe: "The folder for every name without one",
  },
  file: {
    alias: "f",
    value: "FILE",
    repeatable: true,
    isNew: true,
    describe: "A file to read and write (see below)",
  },
  email: {
    value: "ADDRESS",
    describe: "Where the CA can reach you; commas between several",
  },
  server: {
    value: "CA",
    describe:
      "The CA: a name (see below) or the URL of its directory [letsencrypt]",
  },
  valid_min: {
    value: "SECONDS",
    describe:
      "Renew when less than this is left [a third of the certificate's life, half below ten days]",
  },
  force: {
    isNew: true,
    describe: "Get a new certificate even when none is due",
  },
  revoke: { describe: "Revoke the certificate instead; no file is changed" },
  reuse_key: { describe: "Keep the certificate's key when renewing" },
  cert_key_size: {
    value: "BITS",
    describe:
      "Make RSA keys of this size for the certificate [the kind in use, or EC P-256]",
  },
  account_key_size: {
    value: "BITS",
    describe: "Make an RSA key of this size for a new account [EC P-256]",
  },
  account_key_public_exponent: {
    value: "NUMBER",
    describe: "The same, with this public exponent [65537]",
  },
  use_alt_chain: {
    value: "NUMBER",
    describe: "Which of the CA's alternate chains to take [0, the usual one]",
  },
  key_mode: {
    value: "MODE",
    isNew: true,
    describe: "The mode of files with a key [0600, or what the old one has]",
  },
  listen: {
    value: "HOST:PORT",
    isNew: true,
    describe: "Where to answer the CA's challenge [[::]:80]",
  },
  certs_dir: {
    value: "DIR",
    isNew: true,
    describe: "Where the files are [the working directory]",
  },
  ca_bundle: {
    value: "FILE",
    describe:
      "PEM roots to trust beside the built-in ones when talking to the CA",
  },
  user_agent: {
    value: "TEXT",
    describe:
      'What to call ourselves at the CA; "" tells nothing [acme-sidecar/VERSION]',
  },
  log_format: {
    value: "text|json",
    isNew: true,
    describe: "How to write messages [text]",
  },
  verbose: { alias: "v", describe: "Show every request" },
  version: { describe: "Show the version" },
  help: { alias: "h", describe: "Show this help" },
  test: {
    gone: "refused",
    describe:
      "The tests are not in this program: run scripts/test where its source is.",
  },
  integration_test: {
    gone: "refused",
    describe:
      "The tests are not in this program: run scripts/test where its source is, or try --server letsencrypt-staging.",
  },
  tos_sha256: {
    value: "HASH",
    gone: "ignored",
    describe:
      "A new account agrees to the CA's terms of service; their address is shown.",
  },
} as const satisfies Record<string, OptionSpec>;

export type OptionName = keyof typeof OPTIONS;
export const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[];

/** What there is to know about an option. */
export function specOf(option: OptionName): OptionSpec {
  return OPTIONS[option];
}

/** The environment variable that stands for an option. */
export function variableOf(option: OptionName): string {
  return `ACME_SIDECAR_${option.toUpperCase()}`;
}
