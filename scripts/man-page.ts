/**
 * Writes docs/acme-sidecar.1 from the tables that `--help` uses: `node scripts/man-page.ts`. The
 * page is troff with the macros of man(7).
 */
import { writeFileSync } from "node:fs";
import { DIRECTORIES } from "../src/acme/authorities.ts";
import { describe, flagOf, OPTION_GROUPS } from "../src/cli/help.ts";
import { type Example, OVERVIEW, VERB_HELP } from "../src/cli/verb-help.ts";
import { usageOf, VERB_NAMES } from "../src/cli/verbs.ts";
import { FORMAT_NAMES } from "../src/store/formats.ts";

export const PAGE = "docs/acme-sidecar.1";

/** Longer lines are hard to read in the source, and mandoc says so. */
const WIDTH = 78;

/** The text of the page. It has neither a version nor a date, since these change without it. */
export function manPage(): string {
  return `${[
    `.\\" Written by scripts/man-page.ts`,
    `.TH ACME\\-SIDECAR 1 "" acme\\-sidecar`,
    ".SH NAME",
    ...text("acme-sidecar - gets and renews TLS certificates over ACME"),
    ".SH SYNOPSIS",
    bold("acme-sidecar [COMMAND] [OPTION]..."),
    ".br",
    bold("acme-sidecar -d NAME[:ROOT]... [OPTION]..."),
    ".SH DESCRIPTION",
    ...text(
      "Gets and renews TLS certificates over ACME while the web server keeps serving. It takes the options and files of simp_le. Without a command, issue runs.",
    ),
    ".SH COMMANDS",
    ...VERB_NAMES.flatMap((verb) => [
      `.SS ${escaped(usageOf(verb))}`,
      ...text(VERB_HELP[verb].about),
      ...VERB_HELP[verb].examples.flatMap(example),
    ]),
    `.SS ${escaped("help [COMMAND]")}`,
    ...text("Shows an overview, or the help on a command."),
    ".SH OPTIONS",
    ...text(
      "Defaults are in brackets. You can write hyphens for underscores, and shorten an option as long as it stays clear.",
    ),
    ...OPTION_GROUPS.flatMap(([title, names]) => [
      `.SS ${escaped(title)}`,
      ...names.flatMap((name) => entry(flagOf(name), describe(name))),
    ]),
    ".SH ENVIRONMENT",
    ...text(
      "Every option is also an environment variable: ACME_SIDECAR_ and its name in capitals, such as ACME_SIDECAR_EMAIL. The command line wins. HTTPS_PROXY and NO_PROXY apply to requests to the CA.",
    ),
    ".SH FILES",
    ...text(`Files for -f: ${FORMAT_NAMES.join(", ")}.`),
    ".PP",
    ...text(`CAs for --server: ${Object.keys(DIRECTORIES).join(", ")}.`),
    ".SH EXIT STATUS",
    ...entry("0", "There is something new to load, or the command did its work."),
    ...entry("1", "Nothing was due, or it was done before."),
    ...entry("2", "An error. The message says what to do."),
    ...entry("128 + signal", "SIGINT, SIGTERM or SIGHUP ended the run."),
    ".SH EXAMPLES",
    ...OVERVIEW.flatMap(example),
    ".SH SEE ALSO",
    bold("openssl (1)", "BR"),
  ].join("\n")}\n`;
}

/** A term, and under it what it means. */
function entry(term: string, meaning: string): string[] {
  return [".TP", bold(term), ...text(meaning)];
}

function example({ line, does }: Example): string[] {
  return entry(line, capital(does));
}

/** A sentence. The overview's are parts of a line. */
function capital(words: string): string {
  const sentence = `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
  return sentence.endsWith(".") ? sentence : `${sentence}.`;
}

function bold(words: string, macro = "B"): string {
  return `.${macro} ${escaped(words).replaceAll('"', "\\(dq")}`;
}

/** Lines of text. None is taken for a macro, and each sentence begins a line. */
function text(words: string): string[] {
  const lines: string[] = [];
  for (const word of escaped(words).split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= WIDTH || /[^.][.?!]$/.test(last))
      lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.map((line) => (/^[.']/.test(line) ? `\\&${line}` : line));
}

/** troff reads a backslash as the beginning of a command, and breaks lines at a plain hyphen. */
function escaped(words: string): string {
  return words.replaceAll("\\", "\\e").replaceAll("-", "\\-");
}

if (import.meta.main) writeFileSync(PAGE, manPage());
