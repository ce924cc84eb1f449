import { SECOND } from "../time.ts";
import type { ReportStyle } from "../ui/result.ts";
import { parseAccount, parseDeactivation, parseRevocation } from "./account.ts";
import { parseTargetFile, parseWork } from "./batch.ts";
import { forTrying } from "./ca.ts";
import { parseDokku } from "./dokku.ts";
import { parseRoot } from "./files.ts";
import type { Given } from "./given.ts";
import { parseImport } from "./import.ts";
import { parseAccountKey } from "./key-type.ts";
import { parseInclude } from "./nginx.ts";
import type { Options } from "./options.ts";
import { parseTarget } from "./target.ts";

/** What a verb receives, besides the options that it reads. */
export interface VerbWords {
  /** The word after the verb; undefined if there is none. */
  operand: string | undefined;
  /** The options of the command line. */
  argv: Options;
  /** The options of the command line and the environment. */
  options: Options;
}

/** One command. Its code is in `src/commands/`; main.ts loads it. */
export interface VerbSpec<Wish = object> {
  /** What it does, for the help. */
  describe: string;
  /**
   * The word that may follow the verb. With `missing` it is required, and `missing` is the error
   * without it.
   */
  operand?: { called: string; missing?: { text: string; hint: string } };
  /** How to report outcomes; undefined: each by itself. */
  report?: ReportStyle;
  /** What the user wants; undefined after a mistake. */
  understand: (given: Given, words: VerbWords) => Wish | undefined;
}

const DIR = { called: "[DIR]" };

/** The commands in the order of the help. If the user writes none of them, it is `issue`. */
export const VERBS = {
  issue: {
    describe: "Get or renew one certificate (this is the default)",
    understand(given) {
      const target = parseTarget(given);
      const dryRun = given.flag("dry_run");
      return target && { target: dryRun ? forTrying(given, target) : target, dryRun };
    },
  },
  revoke: { describe: "Revoke it, as --revoke does", understand: parseRevocation },
  batch: {
    describe: "Get or renew every certificate in a file; - reads standard input",
    operand: {
      called: "FILE",
      missing: {
        text: "There is no file of targets.",
        hint: "Write batch FILE, or batch - for the standard input, and options after it.",
      },
    },
    report: "summary",
    understand: (given, { operand = "", options }) => ({
      source: parseTargetFile(given, operand, options),
      work: parseWork(given),
    }),
  },
  renew: {
    describe: "Renew what earlier runs recorded in DIR and below",
    operand: DIR,
    report: "summary",
    understand: (given, { operand, argv }) => ({
      dir: parseRoot(given, operand, argv),
      // Without the option, each set uses its recorded value.
      nextRun: given.has("next_run") ? given.number("next_run") * SECOND : undefined,
      work: parseWork(given),
    }),
  },
  status: {
    describe: "List the certificates there, the most urgent first",
    operand: DIR,
    understand: (given, { operand, argv }) => ({ dir: parseRoot(given, operand, argv) }),
  },
  tar: {
    describe: "Write the certificates there to standard output as a tar, for dokku certs:add",
    operand: DIR,
    understand: (given, { operand, argv }) => ({
      dir: parseRoot(given, operand, argv),
      ids: given.list("id"),
    }),
  },
  nginx: {
    describe:
      "Print the nginx block that forwards the CA to --listen; with --stateless, the block that lets nginx answer by itself",
    understand: parseInclude,
  },
  "account show": {
    describe: "Print the account's URL, key type, thumbprint and contact",
    understand: (given) => ({ account: parseAccount(given) }),
  },
  "account rollover": {
    describe: "Give the account a new key",
    understand: (given) => ({ account: parseAccount(given), keyType: parseAccountKey(given) }),
  },
  "account deactivate": {
    describe: "End the account for ever; needs --yes",
    understand: parseDeactivation,
  },
  "account import": {
    describe: "Take over an account and a certificate of certbot or lego",
    operand: {
      called: "DIR",
      missing: {
        text: "There is no folder to import from.",
        hint: "Write account import DIR, and options after it.",
      },
    },
    understand: (given, { operand = "", argv }) => parseImport(given, operand, argv),
  },
  plugin: {
    describe: "Write the Dokku plugin to standard output as a tar; it will run IMAGE",
    operand: { called: "[IMAGE]" },
    understand: (_given, { operand }) => ({ image: operand }),
  },
  "plugin install": {
    describe: "Print the script that installs the Dokku plugin",
    understand: () => ({}),
  },
  dokku: {
    describe: "For the Dokku plugin only: do what it asks on standard input",
    report: "lines",
    understand: (given, { options }) => parseDokku(given, options),
  },
} as const satisfies Record<string, VerbSpec>;

export type Verb = keyof typeof VERBS;
export const VERB_NAMES = Object.keys(VERBS) as Verb[];

export type Wishes = {
  [V in Verb]: Exclude<ReturnType<(typeof VERBS)[V]["understand"]>, undefined>;
};

/** The same table with a type that fits every verb. */
const TABLE: { [V in Verb]: VerbSpec<Wishes[V]> } = VERBS;

export function verbOf<V extends Verb>(verb: V): VerbSpec<Wishes[V]> {
  return TABLE[verb];
}

export function isVerb(word: string): word is Verb {
  return Object.hasOwn(VERBS, word);
}

/** A command with its operand, as users type it. */
export function usageOf(verb: Verb): string {
  const { operand } = verbOf(verb);
  return operand === undefined ? verb : `${verb} ${operand.called}`;
}
