import { type OptionSpec, TARGET } from "../option.ts";

/**
 * The address where README's `docker run` publishes the responder. A web server on the host
 * forwards to it.
 */
export const PUBLISHED = "127.0.0.1:8888";

/** How to answer the CA's challenges. */
export const ANSWERING_OPTIONS = {
  listen: {
    value: "HOST:PORT",
    isNew: true,
    brief: "Where to answer the CA; port 80 by default",
    describe: "Address on which the program answers the CA",
    default: "[::]:80",
    otherwise: `and ${PUBLISHED} for nginx`,
    verbs: [...TARGET, "nginx"],
    key: "listen",
    method: "standalone",
    recorded: true,
  },
  default_root: {
    value: "ROOT",
    describe: "Folder for every name that has none of its own",
    verbs: TARGET,
    key: "root",
    method: "webroot",
    recorded: true,
  },
  stateless: {
    isNew: true,
    describe: "Let the web server answer the CA; it needs the block that nginx --stateless prints",
    verbs: ["issue", "check", "account import", "batch", "nginx"],
    method: "stateless",
    property: "challenge",
    recorded: true,
  },
  dns: {
    value: "exec",
    isNew: true,
    describe: "Answer with TXT records (dns-01); wildcards need this",
    verbs: TARGET,
    method: "dns",
    property: "dns-provider",
    recorded: true,
  },
  dns_exec: {
    value: "PROGRAM",
    isNew: true,
    describe: "Program that sets them: PROGRAM present|cleanup FQDN VALUE",
    verbs: TARGET,
    key: "dns_exec",
    method: "dns",
    property: "dns-provider-EXEC_PATH",
    recorded: true,
  },
  dns_timeout: {
    value: "SECONDS",
    isNew: true,
    describe:
      "The limit for each call of that program, and for the wait until the name servers have the records",
    default: 120,
    verbs: TARGET,
    key: "dns_timeout",
    method: "dns",
    property: "dns-provider-EXEC_PROPAGATION_TIMEOUT",
    recorded: true,
  },
  dns_wait: {
    value: "SECONDS",
    isNew: true,
    describe: "Wait this long instead of asking the name servers",
    verbs: TARGET,
    key: "dns_wait",
    method: "dns",
    recorded: true,
  },
  dns_resolvers: {
    value: "HOST[:PORT]",
    repeatable: true,
    isNew: true,
    describe: "Name servers to ask for the records; with check or --preflight, for everything",
    otherwise: "the zone's own, or the system's",
    verbs: TARGET,
    key: "dns_resolvers",
    method: "dns",
    recorded: true,
  },
  preflight: {
    isNew: true,
    describe:
      "Before asking the CA, check as check does what it will see; warns, and never stops the run",
    verbs: ["issue", "batch", "renew"],
  },
} as const satisfies Record<string, OptionSpec>;
