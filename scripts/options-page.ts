/**
 * Writes docs/options.md, and README's table of options, from the tables of options:
 * `node scripts/options-page.ts`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { DIRECTORIES } from "../src/acme/authorities.ts";
import { COMMON, flagOf, meaningOf, OPTION_GROUPS } from "../src/cli/help.ts";
import {
  isFor,
  OPTION_NAMES,
  type OptionName,
  specOf,
  usualOf,
  variableOf,
} from "../src/cli/options.ts";
import { VERB_HELP } from "../src/cli/verb-help.ts";
import { usageOf, VERB_NAMES } from "../src/cli/verbs.ts";
import { FORMAT_NAMES } from "../src/store/formats.ts";

export const PAGE = "docs/options.md";
export const README = "README.md";

const INTRODUCTION = `# Commands and options

\`node scripts/options-page.ts\` writes this page from the tables that \`--help\` uses.

Type a command first, then options. Without a command, \`issue\` runs. You can write hyphens for the underscores in
an option (\`--valid-min\`), and shorten an option as long as it stays clear (\`--valid 5\`).

Every option is also an environment variable. Use spaces or commas between several names or files. To turn a
switch on, set its variable to 1, true, yes or on. An empty variable counts as not set, and the command line wins.

\`issue\` and \`batch\` record these options for \`renew\`, except ${unrecorded()}.

"Key" is what to write in the file that \`batch\` reads ([batch.md](batch.md)); \`method\` there says how to answer the CA.`;

/** The options of a certificate that are not recorded for later runs. */
function unrecorded(): string {
  const names = OPTION_NAMES.filter((name) => {
    const { verbs, recorded } = specOf(name);
    return verbs !== "all" && isFor(name, "issue") && isFor(name, "batch") && !recorded;
  });
  return names.map((name) => `\`--${name}\``).join(", ");
}

/** Additional text below the table of a group. */
const MORE: Record<string, string> = {
  "The certificate": `[renewal.md](renewal.md) explains when a certificate is due.`,
  "The CA and your account": `Short names for \`--server\`: ${Object.keys(DIRECTORIES).join(", ")}.
Anything else must be the https URL of a directory. [accounts.md](accounts.md) explains accounts and bindings.

\`HTTPS_PROXY\`, an http or https URL, and \`NO_PROXY\` apply to requests to the CA.`,
  "Answering the CA": `[dns.md](dns.md) explains TXT records and wildcards, [accounts.md](accounts.md#http-01-without-a-responder) \`--stateless\`.`,
  Files: `Files for \`-f\`: ${FORMAT_NAMES.join(", ")}.
Together, the files you choose must hold the account's key (unless \`--account_dir\` holds it), the certificate's key,
the certificate and its chain.
[files.md](files.md) explains formats, modes and owners.`,
};

/** The text of the page. */
export function optionsPage(): string {
  const commands = VERB_NAMES.map((verb) => [
    `\`${usageOf(verb)}\``,
    marked(VERB_HELP[verb].about),
  ]);
  return `${[
    INTRODUCTION,
    "## Commands",
    tableOf([["Command", "What it does"], ...commands]),
    ...OPTION_GROUPS.flatMap(([title, names]) => [
      `## ${title}`,
      tableOf([["Option", "Meaning", "Default", "Variable", "Key"], ...names.map(rowOf)]),
      ...(MORE[title] === undefined ? [] : [MORE[title]]),
    ]),
  ].join("\n\n")}\n`;
}

/** README with the table of the options that most people need. */
export function withOptions(readme: string): string {
  const rows = COMMON.map((name) => [`\`${flagOf(name)}\``, marked(specOf(name).brief ?? "")]);
  const table = tableOf([["Option", "Meaning"], ...rows]);
  return readme.replace(/^\| Option \| Meaning \|\n(?:\|.*\n)+/m, `${table}\n`);
}

function rowOf(name: OptionName): string[] {
  const { key } = specOf(name);
  return [
    `\`${flagOf(name)}\``,
    marked(meaningOf(name)),
    marked(usualOf(name) ?? ""),
    `\`${variableOf(name)}\``,
    key === undefined ? "" : `\`${key}\``,
  ];
}

function tableOf([head = [], ...rows]: string[][]): string {
  return [head, head.map(() => "---"), ...rows]
    .map((row) => `| ${row.map(escaped).join(" | ")} |`)
    .join("\n");
}

/** A text with its options marked as code. */
const marked = (text: string) => text.replaceAll(/--[a-z0-9_]+/g, "`$&`");

const escaped = (cell: string) => cell.replaceAll("|", "\\|");

if (import.meta.main) {
  writeFileSync(PAGE, optionsPage());
  writeFileSync(README, withOptions(readFileSync(README, "utf8")));
}
