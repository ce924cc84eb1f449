import type { OptionSpec } from "../option.ts";

/**
 * Enough targets to keep 16 requests under way at a CA that is 100 ms away, as some targets always
 * wait for a validation.
 */
export const AT_EACH_CA = 24;

/** How to work on many certificates. */
export const MANY_OPTIONS = {
  concurrency: {
    value: "NUMBER",
    isNew: true,
    describe: "How many certificates to get at once",
    default: 48,
    otherwise: `and ${AT_EACH_CA} at each CA`,
    verbs: ["batch", "renew"],
  },
  retry: {
    isNew: true,
    describe: "Try again at once what failed a short while ago",
    otherwise: "wait 1, 10 and 100 minutes, then a day",
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
    describe: "Take only these targets",
    otherwise: "all",
    verbs: ["tar"],
  },
} as const satisfies Record<string, OptionSpec>;

/** What to look at. */
export const LOOK_OPTIONS = {
  address: {
    value: "HOST:PORT",
    isNew: true,
    describe: "The web server to look at",
    otherwise: "every address of each name, port 443",
    verbs: ["verify"],
  },
} as const satisfies Record<string, OptionSpec>;

/** What to show, and how. */
export const MESSAGE_OPTIONS = {
  log_format: {
    value: "FORMAT",
    isNew: true,
    describe: "The format of messages",
    choices: ["text", "json"],
    default: "text",
    verbs: "all",
  },
  verbose: { alias: "v", describe: "Show every request", verbs: "all" },
  json: {
    isNew: true,
    describe: "Print the answer as JSON",
    verbs: ["account show", "check", "status", "verify"],
  },
  version: { describe: "Show the version", verbs: "all" },
  help: { alias: "h", describe: "Show the help of a command, or an overview", verbs: "all" },
  all: { isNew: true, describe: "With --help: show every option", verbs: "all" },
} as const satisfies Record<string, OptionSpec>;

const TESTS =
  "The tests are not in this program: run scripts/test where its source is, or try --server letsencrypt-staging.";

/** simp_le's options that do nothing here. Old command lines may contain them. */
export const GONE_OPTIONS = {
  test: { gone: "refused", describe: TESTS, verbs: "all" },
  integration_test: { gone: "refused", describe: TESTS, verbs: "all" },
  tos_sha256: {
    value: "HASH",
    gone: "ignored",
    describe: "A new account agrees to the CA's terms of service; their address is shown.",
    verbs: "all",
  },
} as const satisfies Record<string, OptionSpec>;
