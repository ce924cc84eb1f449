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

const TESTS =
  "The tests are not in this program: run scripts/test where its source is, or try --server letsencrypt-staging.";

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
    repeatable: true,
    describe:
      "The CA: a name (see below) or the URL of its directory; one more takes over when the one before is out of reach or busy [letsencrypt]",
  },
  eab_kid: {
    value: "ID",
    isNew: true,
    describe: "The key identifier of an external account binding",
  },
  eab_hmac_key: {
    value: "KEY",
    isNew: true,
    describe: "Its MAC key, base64url; better in a file or a variable",
  },
  eab_hmac_key_file: {
    value: "FILE",
    isNew: true,
    describe: "A file with that key",
  },
  profile: {
    value: "NAME",
    isNew: true,
    describe: "The profile that the certificate must have",
  },
  preferred_profile: {
    value: "NAME",
    isNew: true,
    describe: "The profile to ask for where the CA has it",
  },
  valid_min: {
    value: "SECONDS",
    describe:
      "Renew when less than this is left [when the CA says so, or a third of the certificate's life is left, half below ten days]",
  },
  next_run: {
    value: "SECONDS",
    isNew: true,
    describe: "How long it takes until this is run again [86400]",
  },
  force: {
    isNew: true,
    describe: "Get a new certificate even when none is due",
  },
  revoke: { describe: "Revoke the certificate instead; no file is changed" },
  reason: {
    value: "REASON",
    isNew: true,
    describe:
      "Why: unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation or privilegeWithdrawn [unspecified]",
  },
  reuse_key: { describe: "Keep the certificate's key when renewing" },
  key_type: {
    value: "TYPE",
    isNew: true,
    describe:
      "The kind of key the certificate must have: ec256, ec384, rsa2048, rsa3072 or rsa4096 [any; new ones the kind in use, or ec256]",
  },
  cert_key_size: {
    value: "BITS",
    describe:
      "Make RSA keys of this size for the certificate, from the next one on",
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
  preferred_chain: {
    value: "NAME",
    isNew: true,
    describe: "Take the chain that has an issuer of this common name",
  },
  key_mode: {
    value: "MODE",
    isNew: true,
    describe: "The mode of files with a key [0600, or what the old one has]",
  },
  owner: {
    value: "UID[:GID]",
    isNew: true,
    describe:
      "Whom every file that is written is to belong to, in numbers [the old one's owner, or this user]",
  },
  pkcs12_password_file: {
    value: "FILE",
    isNew: true,
    describe:
      "Write cert.p12 too, a PKCS #12 file protected with the password on the first line of FILE",
  },
  listen: {
    value: "HOST:PORT",
    isNew: true,
    describe: "Where to answer the CA's challenge [[::]:80]",
  },
  stateless: {
    isNew: true,
    describe:
      "Leave the answer to a web server that knows the account's thumbprint",
  },
  dns: {
    value: "exec",
    isNew: true,
    describe: "Answer by TXT records (dns-01), which wildcards need",
  },
  dns_exec: {
    value: "PROGRAM",
    isNew: true,
    describe: "Called as PROGRAM present|cleanup FQDN VALUE",
  },
  dns_timeout: {
    value: "SECONDS",
    isNew: true,
    describe:
      "How long that program may take, and then the records to spread [120]",
  },
  dns_wait: {
    value: "SECONDS",
    isNew: true,
    describe: "Wait so long for the records [until the name servers have them]",
  },
  dns_resolvers: {
    value: "HOST[:PORT]",
    repeatable: true,
    isNew: true,
    describe: "Ask these for the records instead of the authoritative servers",
  },
  yes: {
    isNew: true,
    describe: "Really do what cannot be undone: account deactivate",
  },
  json: {
    isNew: true,
    describe: "Print what was asked for as JSON: account show, status",
  },
  concurrency: {
    value: "NUMBER",
    isNew: true,
    describe:
      "How many certificates to get at once: batch, renew [16, and 8 at each CA]",
  },
  retry: {
    isNew: true,
    describe:
      "Try again at once what failed a short while ago: batch, renew [after 1, 10 and 100 minutes, then daily]",
  },
  tar_changed: {
    isNew: true,
    describe:
      "Write the changed certificates to standard output as a tar: batch, renew",
  },
  id: {
    value: "ID",
    repeatable: true,
    isNew: true,
    describe: "Only the certificates of these targets: tar [all]",
  },
  certs_dir: {
    value: "DIR",
    isNew: true,
    describe: "Where the files are [the working directory]",
  },
  account_dir: {
    value: "DIR",
    isNew: true,
    describe:
      "Keep accounts here, one for each CA and --email, for all sets that name it [with the other files]",
  },
  dry_run: {
    isNew: true,
    describe: "Try everything at the CA's staging directory and keep nothing",
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
  test: { gone: "refused", describe: TESTS },
  integration_test: { gone: "refused", describe: TESTS },
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
