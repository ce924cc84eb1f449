import type { OptionSpec } from "./option.ts";
import { TARGET_OPTIONS } from "./target-options.ts";
import { ACCOUNT, TARGET, type Verb, VERB_NAMES } from "./verbs.ts";

const TESTS =
  "The tests are not in this program: run scripts/test where its source is, or try --server letsencrypt-staging.";

/** All options, and the only place where they and their defaults are listed: by simp_le's spelling; hyphens may stand for the underscores. */
export const OPTIONS = {
  ...TARGET_OPTIONS,
  yes: {
    isNew: true,
    describe: "Confirm what cannot be undone",
    verbs: ["account deactivate"],
  },
  json: {
    isNew: true,
    describe: "Print the answer as JSON",
    verbs: ["account show", "status"],
  },
  concurrency: {
    value: "NUMBER",
    isNew: true,
    describe: "How many certificates to get at once [16, and 8 at each CA]",
    verbs: ["batch", "renew"],
  },
  retry: {
    isNew: true,
    describe:
      "Try again at once what failed a short while ago [wait 1, 10 and 100 minutes, then a day]",
    verbs: ["batch", "renew", "dokku"],
  },
  prune: {
    isNew: true,
    describe:
      "Forget the sets that are not in the file any more, so that renew leaves them alone; their files stay",
    verbs: ["batch"],
  },
  tar_changed: {
    isNew: true,
    describe: "Write changed certificates to stdout as a tar",
    verbs: ["batch", "renew"],
  },
  id: {
    value: "ID",
    repeatable: true,
    isNew: true,
    describe: "Take only these targets [all]",
    verbs: ["tar"],
  },
  certs_dir: {
    value: "DIR",
    isNew: true,
    describe: "The folder of the files [the working directory]",
    verbs: [...TARGET, ...ACCOUNT, "renew", "status", "tar"],
  },
  account_dir: {
    value: "DIR",
    isNew: true,
    describe:
      "Keep accounts in this folder, one for each CA and --email; many sets can share it [with the other files]",
    verbs: [...TARGET, ...ACCOUNT],
  },
  dry_run: {
    isNew: true,
    describe: "Try everything at the CA's staging server and keep nothing",
    strict: true,
    verbs: ["issue"],
  },
  ca_bundle: {
    value: "FILE",
    describe: "PEM file of more roots to trust for the CA",
    verbs: [...TARGET, ...ACCOUNT, "renew"],
  },
  user_agent: {
    value: "TEXT",
    describe: 'User agent for the CA; "" sends only ACME [acme-sidecar/VERSION]',
    verbs: [...TARGET, ...ACCOUNT, "renew"],
  },
  log_format: {
    value: "text|json",
    isNew: true,
    describe: "The format of messages [text]",
    verbs: VERB_NAMES,
  },
  verbose: { alias: "v", describe: "Show every request", verbs: VERB_NAMES },
  version: { describe: "Show the version", verbs: VERB_NAMES },
  help: { alias: "h", describe: "Show this help", verbs: VERB_NAMES },
  test: { gone: "refused", describe: TESTS, verbs: VERB_NAMES },
  integration_test: { gone: "refused", describe: TESTS, verbs: VERB_NAMES },
  tos_sha256: {
    value: "HASH",
    gone: "ignored",
    describe: "A new account agrees to the CA's terms of service; their address is shown.",
    verbs: VERB_NAMES,
  },
} as const satisfies Record<string, OptionSpec>;

export type OptionName = keyof typeof OPTIONS;
export const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[];

/** What there is to know about an option. */
export function specOf(option: OptionName): OptionSpec {
  return OPTIONS[option];
}

/** Whether a verb does anything with an option. */
export function isHeeded(option: OptionName, verb: Verb): boolean {
  return specOf(option).verbs.includes(verb);
}

/** Whether it is about messages, which every verb has. */
export function isForAll(option: OptionName): boolean {
  return VERB_NAMES.every((verb) => isHeeded(option, verb));
}

/** What the help says beside an option that is not for getting one certificate: who heeds it. */
export function forWhom(option: OptionName): string {
  return isHeeded(option, "issue") ? "" : ` (${specOf(option).verbs.join(", ")})`;
}
