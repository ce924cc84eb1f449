import type { OptionSpec } from "./option.ts";
import { ACCOUNT, TARGET } from "./verbs.ts";

/** The options that say what a certificate has to be, how to get it, and whether. */
export const TARGET_OPTIONS = {
  vhost: {
    alias: "d",
    value: "NAME[:ROOT]",
    repeatable: true,
    describe:
      "A name for the certificate, and perhaps the folder its web server serves; without a folder the program answers the CA itself, on --listen",
    verbs: ["issue", "account import"],
  },
  default_root: {
    value: "ROOT",
    describe: "Folder for every name that has none of its own",
    verbs: TARGET,
  },
  file: {
    alias: "f",
    value: "FILE",
    repeatable: true,
    isNew: true,
    describe:
      "A file to read and write (list below) [account_key.json, account_reg.json, key.pem, cert.pem, chain.pem, fullchain.pem]",
    verbs: ["issue", "account import", "batch", ...ACCOUNT],
  },
  email: {
    value: "ADDRESS",
    describe: "Your e-mail address for the CA; commas between several",
    verbs: [...TARGET, ...ACCOUNT],
  },
  server: {
    value: "CA",
    repeatable: true,
    describe:
      "The CA, by short name (list below) or directory URL; with several, the next is used while the one before is unreachable or busy [letsencrypt]",
    verbs: ["issue", "account import", "batch", ...ACCOUNT],
  },
  eab_kid: {
    value: "ID",
    isNew: true,
    describe: "Key ID from the CA, for an external account binding",
    verbs: TARGET,
  },
  eab_hmac_key: {
    value: "KEY",
    isNew: true,
    describe:
      "The MAC key (base64url) of that binding; other users can see a command line, so prefer the file or the variable",
    secret: true,
    verbs: TARGET,
  },
  eab_hmac_key_file: {
    value: "FILE",
    isNew: true,
    describe: "A file that holds this MAC key",
    verbs: TARGET,
  },
  profile: {
    value: "NAME",
    isNew: true,
    describe: "Profile the certificate must have; an error if the CA lacks it",
    verbs: TARGET,
  },
  preferred_profile: {
    value: "NAME",
    isNew: true,
    describe: "Profile to ask for if the CA has it",
    verbs: TARGET,
  },
  valid_min: {
    value: "SECONDS",
    describe:
      "Renew when the certificate has less than this left [when the CA says so, or when a third of its lifetime is left; half if it lives less than ten days]",
    verbs: TARGET,
  },
  next_run: {
    value: "SECONDS",
    isNew: true,
    describe: "Time until your next run; renew what is due before it [86400]",
    verbs: [...TARGET, "renew"],
  },
  force: {
    isNew: true,
    describe: "Get a new certificate even if none is due",
    verbs: ["issue", "batch"],
  },
  revoke: {
    describe: "Revoke the certificate instead; the files stay as they are",
    strict: true,
    verbs: ["issue"],
  },
  reason: {
    value: "REASON",
    isNew: true,
    describe:
      "The reason for --revoke: unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation or privilegeWithdrawn [unspecified]",
    verbs: ["revoke"],
  },
  reuse_key: {
    describe: "Keep the certificate's key when renewing",
    verbs: TARGET,
  },
  key_type: {
    value: "TYPE",
    isNew: true,
    describe:
      "The type of key the certificate must have: ec256, ec384, rsa2048, rsa3072 or rsa4096 [any; a new key has the type in use, or ec256]",
    verbs: TARGET,
  },
  cert_key_size: {
    value: "BITS",
    describe: "Make the next certificate key RSA, of this size",
    verbs: TARGET,
  },
  account_key_size: {
    value: "BITS",
    describe: "Make a new account's key RSA, of this size [EC P-256]",
    verbs: [...TARGET, "nginx", "account rollover"],
  },
  account_key_public_exponent: {
    value: "NUMBER",
    describe: "Make it RSA, with this public exponent [65537]",
    verbs: [...TARGET, "nginx", "account rollover"],
  },
  use_alt_chain: {
    value: "NUMBER",
    describe: "Number of the CA's alternate chain to take [0, the usual one]",
    verbs: TARGET,
  },
  preferred_chain: {
    value: "NAME",
    isNew: true,
    describe: "Take the chain that has an issuer with this common name",
    verbs: TARGET,
  },
  key_mode: {
    value: "MODE",
    isNew: true,
    describe: "Mode of files that hold a key [0600, or the old file's mode]",
    verbs: [...TARGET, ...ACCOUNT],
  },
  owner: {
    value: "UID[:GID]",
    isNew: true,
    describe:
      "The owner of every file that is written, in numbers [the old file's owner, or the current user]",
    verbs: [...TARGET, ...ACCOUNT],
  },
  pkcs12_password_file: {
    value: "FILE",
    isNew: true,
    describe: "Also write cert.p12 (PKCS #12), with the password in FILE",
    verbs: TARGET,
  },
  listen: {
    value: "HOST:PORT",
    isNew: true,
    describe: "Address on which the program answers the CA [[::]:80]",
    verbs: [...TARGET, "nginx"],
  },
  stateless: {
    isNew: true,
    describe: "Let the web server answer the CA; it needs the block that nginx --stateless prints",
    verbs: ["issue", "account import", "batch", "nginx"],
  },
  dns: {
    value: "exec",
    isNew: true,
    describe: "Answer with TXT records (dns-01); wildcards need this",
    verbs: TARGET,
  },
  dns_exec: {
    value: "PROGRAM",
    isNew: true,
    describe: "Program that sets them: PROGRAM present|cleanup FQDN VALUE",
    verbs: TARGET,
  },
  dns_timeout: {
    value: "SECONDS",
    isNew: true,
    describe:
      "The limit for each call of that program, and for the wait until the name servers have the records [120]",
    verbs: TARGET,
  },
  dns_wait: {
    value: "SECONDS",
    isNew: true,
    describe: "Wait this long instead of asking the name servers",
    verbs: TARGET,
  },
  dns_resolvers: {
    value: "HOST[:PORT]",
    repeatable: true,
    isNew: true,
    describe: "Name servers to ask for the records [the zone's own]",
    verbs: TARGET,
  },
} as const satisfies Record<string, OptionSpec>;
