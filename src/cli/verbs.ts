import { SECOND } from "../time.ts";
import type { ReportStyle } from "../ui/result.ts";
import { parseAccount, parseDeactivation, parseRevocation } from "./account.ts";
import { parseTargetFile, parseWork } from "./batch.ts";
import { forTrying } from "./ca.ts";
import { parseDokku } from "./dokku.ts";
import { parseRoot } from "./files.ts";
import { parsePreflight, parseResolvers } from "./dns.ts";
import type { Given } from "./given.ts";
import { parseImport } from "./import.ts";
import { parseAccountKey } from "./key-type.ts";
import { parseInclude } from "./nginx.ts";
import type { Options } from "./options.ts";
import { parseShell, SHELL_HINT, SHELLS } from "./shell.ts";
import { parseTarget } from "./target.ts";
import { parseVerification } from "./verify.ts";

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
  /** What it does, in a few words: one line of the overview. */
  describe: string;
  /**
   * The word that may follow the verb. With `missing` it is required, and `missing` is the error
   * without it.
   */
  operand?: { called: string; missing?: { text: string; hint: string } };
  /** A program calls it, and no person. So the overview and the completion leave it out. */
  internal?: true;
  /** How to report outcomes; undefined: each by itself. */
  report?: ReportStyle;
  /** What the user wants; undefined after a mistake. */
  understand: (given: Given, words: VerbWords) => Wish | undefined;
}

const DIR = { called: "[DIR]" };

/** The commands in the order of the help. If the user writes none of them, it is `issue`. */
export const VERBS = {
  issue: {
    describe: "Get or renew one certificate (the default)",
    understand(given) {
      const target = parseTarget(given);
      const dryRun = given.flag("dry_run");
      return (
        target && {
          target: dryRun ? forTrying(given, target) : target,
          dryRun,
          preflight: parsePreflight(given),
        }
      );
    },
  },
  check: {
    describe: "Say what stands in the CA's way, before you ask it",
    understand(given) {
      const target = parseTarget(given);
      return target && { target, resolvers: parseResolvers(given) };
    },
  },
  revoke: { describe: "Revoke a certificate, as --revoke does", understand: parseRevocation },
  batch: {
    describe: "Get or renew every certificate in a file",
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
  verify: {
    describe: "Say whether web servers serve the certificates",
    operand: DIR,
    understand: (given, { operand, argv }) => ({
      dir: parseRoot(given, operand, argv),
      ...parseVerification(given),
    }),
  },
  tar: {
    describe: "Write the certificates there to stdout as a tar",
    operand: DIR,
    understand: (given, { operand, argv }) => ({
      dir: parseRoot(given, operand, argv),
      ids: given.list("id"),
    }),
  },
  nginx: {
    describe: "Print the nginx block that lets the CA through",
    understand: parseInclude,
  },
  "account show": {
    describe: "Print what the CA knows of the account",
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
    describe: "Take over what certbot or lego has in DIR",
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
    describe: "Write the Dokku plugin to stdout as a tar",
    operand: { called: "[IMAGE]" },
    understand: (_given, { operand }) => ({ image: operand }),
  },
  "plugin install": {
    describe: "Print the script that installs the Dokku plugin",
    understand: () => ({}),
  },
  completion: {
    describe: "Print the completion script of a shell",
    operand: {
      called: SHELLS.join("|"),
      missing: { text: "There is no shell to complete in.", hint: SHELL_HINT },
    },
    understand(given, { operand }) {
      const shell = parseShell(given, operand);
      return shell && { shell };
    },
  },
  dokku: {
    describe: "For the Dokku plugin only: do what it asks",
    internal: true,
    report: "lines",
    understand: (given, { options }) => parseDokku(given, options),
  },
  "dokku check": {
    describe: "For the Dokku plugin only: check an app",
    internal: true,
    understand: (given, { options }) => ({
      ...parseDokku(given, options),
      resolvers: parseResolvers(given),
    }),
  },
} as const satisfies Record<string, VerbSpec>;

export type Verb = keyof typeof VERBS;
export const VERB_NAMES = Object.keys(VERBS) as Verb[];

/** The first word of verbs that have two. */
export type Family = Verb extends infer V ? (V extends `${infer F} ${string}` ? F : never) : never;

/** The verbs that begin with this word, or these words. */
export function verbsIn(words: string): Verb[] {
  return VERB_NAMES.filter((verb) => verb === words || verb.startsWith(`${words} `));
}

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
