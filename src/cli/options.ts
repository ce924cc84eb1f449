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
      "A name for the certificate, and perhaps the folder its web server serves; without a folder the program answers the CA itself, on --listen",
  },
  default_root: {
    value: "ROOT",
    describe: "Folder for every name that has none of its own",
  },
  file: {
    alias: "f",
    value: "FILE",
    repeatable: true,
    isNew: true,
    describe:
      "A file to read and write (list below) [account_key.json, account_reg.json, key.pem, cert.pem, chain.pem, fullchain.pem]",
  },
  email: {
    value: "ADDRESS",
    describe: "Your e-mail address for the CA; commas between several",
  },
  server: {
    value: "CA",
    repeatable: true,
    describe:
      "The CA, by short name (list below) or directory URL; with several, the next is used while the one before is unreachable or busy [letsencrypt]",
  },
  eab_kid: {
    value: "ID",
    isNew: true,
    describe: "Key ID from the CA, for an external account binding",
  },
  eab_hmac_key: {
    value: "KEY",
    isNew: true,
    describe:
      "The MAC key (base64url) of that binding; other users can see a command line, so prefer the file or the variable",
  },
  eab_hmac_key_file: {
    value: "FILE",
    isNew: true,
    describe: "A file that holds this MAC key",
  },
  profile: {
    value: "NAME",
    isNew: true,
    describe: "Profile the certificate must have; an error if the CA lacks it",
  },
  preferred_profile: {
    value: "NAME",
    isNew: true,
    describe: "Profile to ask for if the CA has it",
  },
  valid_min: {
    value: "SECONDS",
    describe:
      "Renew when the certificate has less than this left [when the CA says so, or when a third of its lifetime is left; half if it lives less than ten days]",
  },
  next_run: {
    value: "SECONDS",
    isNew: true,
    describe: "Time until your next run; renew what is due before it [86400]",
  },
  force: {
    isNew: true,
    describe: "Get a new certificate even if none is due",
  },
  revoke: {
    describe: "Revoke the certificate instead; the files stay as they are",
  },
  reason: {
    value: "REASON",
    isNew: true,
    describe:
      "The reason for --revoke: unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation or privilegeWithdrawn [unspecified]",
  },
  reuse_key: { describe: "Keep the certificate's key when renewing" },
  key_type: {
    value: "TYPE",
    isNew: true,
    describe:
      "The type of key the certificate must have: ec256, ec384, rsa2048, rsa3072 or rsa4096 [any; a new key has the type in use, or ec256]",
  },
  cert_key_size: {
    value: "BITS",
    describe: "Make the next certificate key RSA, of this size",
  },
  account_key_size: {
    value: "BITS",
    describe: "Make a new account's key RSA, of this size [EC P-256]",
  },
  account_key_public_exponent: {
    value: "NUMBER",
    describe: "Make it RSA, with this public exponent [65537]",
  },
  use_alt_chain: {
    value: "NUMBER",
    describe: "Number of the CA's alternate chain to take [0, the usual one]",
  },
  preferred_chain: {
    value: "NAME",
    isNew: true,
    describe: "Take the chain that has an issuer with this common name",
  },
  key_mode: {
    value: "MODE",
    isNew: true,
    describe: "Mode of files that hold a key [0600, or the old file's mode]",
  },
  owner: {
    value: "UID[:GID]",
    isNew: true,
    describe:
      "The owner of every file that is written, in numbers [the old file's owner, or the current user]",
  },
  pkcs12_password_file: {
    value: "FILE",
    isNew: true,
    describe: "Also write cert.p12 (PKCS #12), with the password in FILE",
  },
  listen: {
    value: "HOST:PORT",
    isNew: true,
    describe: "Address on which the program answers the CA [[::]:80]",
  },
  stateless: {
    isNew: true,
    describe:
      "Let the web server answer the CA; it needs the block that nginx --stateless prints",
  },
  dns: {
    value: "exec",
    isNew: true,
    describe: "Answer with TXT records (dns-01); wildcards need this",
  },
  dns_exec: {
    value: "PROGRAM",
    isNew: true,
    describe: "Program that sets them: PROGRAM present|cleanup FQDN VALUE",
  },
  dns_timeout: {
    value: "SECONDS",
    isNew: true,
    describe:
      "The limit for each call of that program, and for the wait until the name servers have the records [120]",
  },
  dns_wait: {
    value: "SECONDS",
    isNew: true,
    describe: "Wait this long instead of asking the name servers",
  },
  dns_resolvers: {
    value: "HOST[:PORT]",
    repeatable: true,
    isNew: true,
    describe: "Name servers to ask for the records [the zone's own]",
  },
  yes: {
    isNew: true,
    describe: "Confirm account deactivate, which cannot be undone",
  },
  json: {
    isNew: true,
    describe: "Print JSON: account show, status",
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
      "Try again at once what failed a short while ago: batch, renew [wait 1, 10 and 100 minutes, then a day]",
  },
  tar_changed: {
    isNew: true,
    describe: "Write changed certificates to stdout as a tar: batch, renew",
  },
  id: {
    value: "ID",
    repeatable: true,
    isNew: true,
    describe: "Take only these targets: tar [all]",
  },
  certs_dir: {
    value: "DIR",
    isNew: true,
    describe: "The folder of the files [the working directory]",
  },
  account_dir: {
    value: "DIR",
    isNew: true,
    describe:
      "Keep accounts in this folder, one for each CA and --email; many sets can share it [with the other files]",
  },
  dry_run: {
    isNew: true,
    describe: "Try everything at the CA's staging server and keep nothing",
  },
  ca_bundle: {
    value: "FILE",
    describe: "PEM file of more roots to trust for the CA",
  },
  user_agent: {
    value: "TEXT",
    describe:
      'User agent for the CA; "" sends only ACME [acme-sidecar/VERSION]',
  },
  log_format: {
    value: "text|json",
    isNew: true,
    describe: "The format of messages [text]",
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
