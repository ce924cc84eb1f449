import { type OptionSpec, TARGET } from "../option.ts";

/** What the certificate has to be, and whether to get it. */
export const CERTIFICATE_OPTIONS = {
  vhost: {
    alias: "d",
    value: "NAME[:ROOT]",
    repeatable: true,
    describe:
      "A name for the certificate, and perhaps the folder its web server serves; without a folder the program answers the CA itself, on --listen",
    verbs: ["issue", "account import"],
    key: "names",
    property: "domains",
    recorded: true,
  },
  valid_min: {
    value: "SECONDS",
    describe: "Renew when the certificate has less than this left",
    otherwise:
      "when the CA says so, or when a third of its lifetime is left; half if it lives less than ten days",
    verbs: TARGET,
    key: "valid_min",
    property: "graceperiod",
    recorded: true,
  },
  next_run: {
    value: "SECONDS",
    isNew: true,
    describe: "Time until your next run; renew what is due before it",
    default: 86_400,
    verbs: [...TARGET, "renew"],
    key: "next_run",
    recorded: true,
  },
  force: {
    isNew: true,
    describe: "Get a new certificate even if none is due",
    verbs: ["issue", "batch"],
  },
  key_type: {
    value: "TYPE",
    isNew: true,
    describe:
      "The type of key the certificate must have: ec256, ec384, rsa2048, rsa3072 or rsa4096",
    otherwise: "any; a new key has the type in use, or ec256",
    verbs: TARGET,
    key: "key",
    property: "key-type",
    recorded: true,
  },
  cert_key_size: {
    value: "BITS",
    describe: "Make the next certificate key RSA, of this size",
    verbs: TARGET,
    key: "cert_key_size",
    recorded: true,
  },
  reuse_key: {
    describe: "Keep the certificate's key when renewing",
    verbs: TARGET,
    key: "reuse_key",
    recorded: true,
  },
  profile: {
    value: "NAME",
    isNew: true,
    describe: "Profile the certificate must have; an error if the CA lacks it",
    verbs: TARGET,
    key: "profile",
    property: "profile",
    recorded: true,
  },
  preferred_profile: {
    value: "NAME",
    isNew: true,
    describe: "Profile to ask for if the CA has it",
    verbs: TARGET,
    key: "preferred_profile",
    recorded: true,
  },
  preferred_chain: {
    value: "NAME",
    isNew: true,
    describe: "Take the chain that has an issuer with this common name",
    verbs: TARGET,
    key: "preferred_chain",
    property: "preferred-chain",
    recorded: true,
  },
  use_alt_chain: {
    value: "NUMBER",
    describe: "Number of the CA's alternate chain to take",
    default: 0,
    otherwise: "the usual one",
    verbs: TARGET,
    key: "use_alt_chain",
    recorded: true,
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
      "The reason for --revoke: unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation or privilegeWithdrawn",
    default: "unspecified",
    verbs: ["revoke"],
  },
} as const satisfies Record<string, OptionSpec>;
